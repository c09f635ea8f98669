# image: 3,32,32
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class WideBlock(nn.Module):
    def __init__(self, cin, cout, stride, drop_rate=0.0):
        super().__init__()
        self.norm1 = nn.BatchNorm2d(cin)
        self.norm2 = nn.BatchNorm2d(cout)
        self.first = nn.Conv2d(cin, cout, 3, stride=stride, padding=1, bias=False)
        self.second = nn.Conv2d(cout, cout, 3, stride=1, padding=1, bias=False)
        self.drop_rate = drop_rate
        self.same = (cin == cout)
        self.project = (not self.same) and nn.Conv2d(cin, cout, 1, stride=stride, bias=False) or None

    def forward(self, x):
        if not self.same:
            x = F.relu(self.norm1(x), inplace=True)
            out = x
        else:
            out = F.relu(self.norm1(x), inplace=True)
        out = F.relu(self.norm2(self.first(out)), inplace=True)
        if self.drop_rate > 0:
            out = F.dropout(out, p=self.drop_rate, training=self.training)
        out = self.second(out)
        return torch.add(out, x if self.same else self.project(x))


class Stage(nn.Module):
    def __init__(self, n, cin, cout, stride, drop_rate):
        super().__init__()
        self.layer = self._make(n, cin, cout, stride, drop_rate)

    def _make(self, n, cin, cout, stride, drop_rate):
        blocks = []
        for i in range(int(n)):
            blocks.append(WideBlock(i == 0 and cin or cout, cout, i == 0 and stride or 1, drop_rate))
        return nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class Net(nn.Module):
    def __init__(self, depth=16, widen=1, classes=4, drop_rate=0.3):
        super().__init__()
        assert (depth - 4) % 6 == 0, 'depth must be 6n+4'
        n = (depth - 4) / 6
        ch = [4, 4 * widen, 8 * widen]
        self.conv1 = nn.Conv2d(3, ch[0], 3, padding=1, bias=False)
        self.block1 = Stage(n, ch[0], ch[1], 1, drop_rate)
        self.block2 = Stage(n / 2, ch[1], ch[2], 2, drop_rate)
        self.bn = nn.BatchNorm2d(ch[2])
        self.fc = nn.Linear(ch[2], classes)
        self.nChannels = ch[2]
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                k = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, math.sqrt(2. / k))
            elif isinstance(m, nn.BatchNorm2d):
                m.weight.data.fill_(1)
                m.bias.data.zero_()

    def forward(self, x):
        out = self.block2(self.block1(self.conv1(x)))
        out = F.relu(self.bn(out), inplace=True)
        out = F.avg_pool2d(out, 16)
        return self.fc(out.view(-1, self.nChannels))
