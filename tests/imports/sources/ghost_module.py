# assumed
import math

import torch
import torch.nn as nn


class Cheap(nn.Module):
    """half of the maps are computed from the other half"""

    def __init__(self, a, b, k=1, parts=2, act=True):
        super().__init__()
        self.b = b
        real = math.ceil(b / parts)
        act_or_not = lambda: nn.ReLU(inplace=True) if act else nn.Sequential()
        self.real = nn.Sequential(nn.Conv2d(a, real, k, padding=k // 2, bias=False), act_or_not())
        self.copied = nn.Sequential(nn.Conv2d(real, real * (parts - 1), 3, 1, 1, groups=real), act_or_not())

    def forward(self, x):
        real = self.real(x)
        copied = self.copied(real)
        both = torch.cat([real, copied], dim=1)
        return both[:, :self.b, :, :]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Cheap(1, 6, k=3)
        self.b = Cheap(6, 8, act=False)

    def forward(self, x):
        return self.b(self.a(x))
