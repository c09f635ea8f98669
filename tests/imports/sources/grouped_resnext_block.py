# assumed
import torch.nn as nn


class ResNeXtBlock(nn.Module):
    """ aggregated transforms: cardinality = how many groups """
    def __init__(self, in_ch, planes, cardinality=4, base_width=32, stride=1):
        super(ResNeXtBlock, self).__init__()
        width = int(planes * (base_width / 64.)) * cardinality
        self.reduce = nn.Conv2d(in_ch, width, 1, bias=False)
        self.grouped = nn.Conv2d(width, width, 3, stride=stride, padding=1, groups=cardinality, bias=False)
        self.expand = nn.Conv2d(width, planes * 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(planes * 2)
        self.shortcut = nn.Sequential()
        if in_ch != planes * 2 or stride > 1:
            self.shortcut.add_module('proj', nn.Conv2d(in_ch, planes * 2, 1, stride=stride, bias=False))
            self.shortcut.add_module('proj_bn', nn.BatchNorm2d(planes * 2))

    def forward(self, x):
        bottleneck = self.reduce(x).relu()
        bottleneck = self.grouped(bottleneck).relu()
        bottleneck = self.norm(self.expand(bottleneck))
        residual = self.shortcut.forward(x)
        return (bottleneck + residual).relu()


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.stage = nn.Sequential()
        for i, stride in enumerate([2, 1]):
            self.stage.add_module('block_%s' % i, ResNeXtBlock(4 if i == 0 else 8, 4, stride=stride))

    def forward(self, x):
        return self.stage.forward(self.stem(x))
