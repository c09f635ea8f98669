# image: 3,32,32
# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F
from collections import OrderedDict


class Growing(nn.Sequential):
    def __init__(self, have, more, p):
        super(Growing, self).__init__()
        self.add_module('n1', nn.BatchNorm2d(have))
        self.add_module('r1', nn.ReLU(inplace=True))
        self.add_module('c1', nn.Conv2d(have, 2 * more, 1, bias=False))
        self.add_module('n2', nn.BatchNorm2d(2 * more))
        self.add_module('r2', nn.ReLU(inplace=True))
        self.add_module('c2', nn.Conv2d(2 * more, more, 3, padding=1, bias=False))
        self.p = p

    def forward(self, x):
        new = super(Growing, self).forward(x)
        if self.p > 0:
            new = F.dropout(new, p=self.p, training=self.training)
        return torch.cat([x, new], 1)


class Block(nn.Sequential):
    def __init__(self, n, have, more, p):
        super(Block, self).__init__()
        for i in range(n):
            self.add_module('layer%d' % (i + 1), Growing(have + i * more, more, p))


class Shrinking(nn.Sequential):
    def __init__(self, a, b):
        super(Shrinking, self).__init__(OrderedDict([
            ('norm', nn.BatchNorm2d(a)), ('conv', nn.Conv2d(a, b, 1)), ('pool', nn.AvgPool2d(2)),
        ]))


class Net(nn.Module):
    def __init__(self, more=3, blocks=(2, 2), first=4, p=.1, classes=10):
        super(Net, self).__init__()
        self.maps = nn.Sequential(OrderedDict([('stem', nn.Conv2d(3, first, 3, padding=1))]))
        have = first
        for i, n in enumerate(blocks):
            self.maps.add_module('block%d' % (i + 1), Block(n, have, more, p))
            have = have + n * more
            if i != len(blocks) - 1:
                self.maps.add_module('shrink%d' % (i + 1), Shrinking(have, have // 2))
                have = have // 2
        self.scores = nn.Linear(have, classes)

    def forward(self, x):
        maps = self.maps(x)
        x = F.relu(maps, inplace=True)
        x = F.adaptive_avg_pool2d(x, (1, 1)).view(maps.size(0), -1)
        return self.scores(x)
