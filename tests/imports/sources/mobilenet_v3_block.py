# assumed
import torch.nn as nn
import torch.nn.functional as F


class hswish(nn.Module):
    def forward(self, x):
        out = x * F.relu6(x + 3., inplace=True) / 6.
        return out


class hsigmoid(nn.Module):
    def forward(self, x):
        out = F.relu6(x + 3., inplace=True) / 6.
        return out


class SeModule(nn.Module):
    def __init__(self, in_size, reduction=4):
        super(SeModule, self).__init__()
        expand_size = max(in_size // reduction, 2)
        self.se = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(in_size, expand_size, kernel_size=1, bias=False),
            nn.BatchNorm2d(expand_size),
            nn.ReLU(inplace=True),
            nn.Conv2d(expand_size, in_size, kernel_size=1, bias=False),
            hsigmoid(),
        )

    def forward(self, x):
        return x * self.se(x)


class Block(nn.Module):
    '''expand + depthwise + pointwise'''

    def __init__(self, kernel_size, in_size, expand_size, out_size, act, se, stride):
        super(Block, self).__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(in_size, expand_size, kernel_size=1, bias=False)
        self.act1 = act(inplace=True) if act is nn.ReLU else act()
        self.conv2 = nn.Conv2d(expand_size, expand_size, kernel_size=kernel_size, stride=stride,
                               padding=kernel_size // 2, groups=expand_size, bias=False)
        self.se = SeModule(expand_size) if se else nn.Identity()
        self.conv3 = nn.Conv2d(expand_size, out_size, kernel_size=1, bias=False)
        self.skip = None
        if stride == 1 and in_size != out_size:
            self.skip = nn.Sequential(nn.Conv2d(in_size, out_size, 1, bias=False), nn.BatchNorm2d(out_size))

    def forward(self, x):
        skip = x
        out = self.act1(self.conv1(x))
        out = self.conv2(out)
        out = self.conv3(self.se(out))
        if self.skip is not None:
            skip = self.skip(skip)
        return out + skip if self.stride == 1 else out


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.bneck = nn.Sequential(
            nn.Conv2d(1, 4, 3, 2, 1),
            hswish(),
            Block(3, 4, 8, 4, nn.ReLU, True, 1),
            Block(5, 4, 8, 6, hswish, True, 2),
            Block(5, 6, 10, 8, hswish, False, 1),
        )

    def forward(self, x):
        return self.bneck(x)
