# assumed
import torch
from torch import nn


def make_conv(kernel):
    def conv(cin, cout, **more):
        return nn.Conv2d(cin, cout, kernel, padding=kernel // 2, **more)
    return conv


conv1, conv3, conv5 = map(make_conv, (1, 3, 5))

OPS = {
    'none': lambda C, stride: nn.Identity(),
    'avg_pool_3x3': lambda C, stride: nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False),
    'sep_conv_3x3': lambda C, stride: nn.Sequential(conv3(C, C, groups=C, stride=stride), conv1(C, C)),
    'dil_conv_3x3': lambda C, stride: nn.Conv2d(C, C, 3, stride, 2, dilation=2, groups=C),
}
makers = [lambda c, k=k: nn.Conv2d(c, c, k, padding=k // 2) for k in (3, 5)]


class Cell(nn.Module):
    def __init__(self, C, genotype):
        super().__init__()
        self._ops = nn.ModuleList(OPS[name](C, stride=1) for name in genotype)

    def forward(self, x):
        states = [op(x) for op in self._ops]
        return torch.cat(states, dim=1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = conv5(1, 4, bias=False)
        self.cell = Cell(4, ['sep_conv_3x3', 'avg_pool_3x3', 'none', 'dil_conv_3x3'])
        self.rest = nn.Sequential(*[make(16) for make in makers])

    def forward(self, x):
        return self.rest(self.cell(self.stem(x)))
