# assumed
from functools import partial

import torch
from torch import nn


class Options:
    conv = partial(nn.Conv2d, kernel_size=3, padding=1, bias=False)
    act = nn.SiLU
    gates = ("sigmoid", "hard")


class Block(nn.Module):
    conv_layer = Options.conv
    act_layer = Options.act
    norm_layer = staticmethod(lambda c: nn.GroupNorm(2, c))
    expansion = 2

    def __init__(self, c):
        super().__init__()
        self.a = self.conv_layer(c, c * self.expansion)
        self.n = self.norm_layer(c * Block.expansion)
        self.act = self.act_layer()
        self.b = self.conv_layer(c * type(self).expansion, c, groups=self.__class__.expansion)

    def forward(self, x):
        return x + self.b(self.act(self.n(self.a(x))))


class WideBlock(Block):
    expansion = 4
    act_layer = partial(nn.LeakyReLU, 0.2)

    class Gate(nn.Module):
        def __init__(self, kind="sigmoid"):
            super().__init__()
            self.f = nn.Sigmoid() if kind == Options.gates[0] else nn.Hardsigmoid()

        def forward(self, x):
            return self.f(x)

    def __init__(self, c):
        super().__init__(c)
        self.n = nn.GroupNorm(2, c * self.expansion)
        self.gate = self.Gate("hard")

    def forward(self, x):
        return self.gate(super().forward(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Options.conv(1, 4)
        self.blocks = nn.Sequential(Block(4), WideBlock(4))

    def forward(self, x):
        return self.blocks(self.stem(x))
