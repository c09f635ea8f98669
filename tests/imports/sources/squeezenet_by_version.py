# network: model
# image: 3,64,64
import torch
import torch.nn as nn


class Fire(nn.Module):
    def __init__(self, cin, s, one, three):
        super(Fire, self).__init__()
        self.cin, self.cout = cin, one + three
        self.squeeze, self.relu = nn.Conv2d(cin, s, 1), nn.ReLU(True)
        self.one, self.relu1 = nn.Conv2d(s, one, 1), nn.ReLU(True)
        self.three, self.relu3 = nn.Conv2d(s, three, (3, 3), padding=1), nn.ReLU(True)

    def forward(self, x):
        x = self.relu(self.squeeze(x))
        return torch.cat([self.relu1(self.one(x)), self.relu3(self.three(x))], 1)


class Squeezed(nn.Module):
    def __init__(self, version='wide', classes=7):
        super(Squeezed, self).__init__()
        if version == 'wide':
            first = nn.Conv2d(3, 8, 7, 2)
        elif version == 'light':
            first = nn.Conv2d(3, 6, 3, 2)
        else:
            raise ValueError(f"there is no version {version}, only wide and light")
        self.front = nn.Sequential(first, nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, ceil_mode=True))
        self.fire = Fire(first.out_channels, 2, 4, 4)
        last = nn.Conv2d(self.fire.cout, classes, kernel_size=1)
        self.back = nn.Sequential(nn.Dropout(0.4), last, nn.ReLU(True), nn.AdaptiveAvgPool2d((1, 1)))
        for m in self.modules():
            if not isinstance(m, nn.Conv2d):
                continue
            if m is last:
                nn.init.normal_(m.weight, std=0.01)
            else:
                nn.init.kaiming_uniform_(m.weight)
            if m.bias is not None:
                m.bias.data.zero_()

    def forward(self, x):
        return torch.flatten(self.back(self.fire(self.front(x))), 1)


model = Squeezed('light')
scores = model(torch.rand(1, 3, 64, 64))
assert scores.shape == (1, 7)
