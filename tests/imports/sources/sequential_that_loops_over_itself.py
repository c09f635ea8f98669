# assumed
import torch
from torch import nn


class Residual(nn.Sequential):
    """adds what comes in to what its layers give"""

    def forward(self, x):
        out = x
        for layer in self:
            out = layer(out)
        return out + x


class Joined(nn.Sequential):
    def __init__(self, *branches):
        super().__init__(*branches)
        self.n = len(self)

    def forward(self, x):
        return torch.cat([self[i](x) for i in range(self.n)], 1)


class Gated(nn.Sequential):
    def forward(self, x):
        return x * super().forward(x)


class Net(nn.Sequential):
    def __init__(self, c=4):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3)
        self.res = Residual(nn.Conv2d(c, c, 3, padding=1), nn.ReLU(), nn.Conv2d(c, c, 3, padding=1))
        self.join = Joined(nn.Conv2d(c, 2, 1), nn.Conv2d(c, 2, 3, padding=1), nn.MaxPool2d(3, 1, 1))
        self.gate = Gated(nn.AdaptiveAvgPool2d(1), nn.Conv2d(2 * c, 2 * c, 1), nn.Hardsigmoid())
        self.append(nn.Conv2d(2 * c, 2, 1))
