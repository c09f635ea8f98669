# assumed
from dataclasses import dataclass, field
from typing import List

from torch import nn


@dataclass
class Config:
    channels: int
    widths: tuple = (4, 8)
    kernel: int = 3


CONFIG = Config(channels=1, kernel=5)


class Net(nn.Module):
    def __init__(self, config=CONFIG):
        super().__init__()
        before = config.channels
        layers = []
        for width in config.widths:
            layers.append(nn.Conv2d(before, width, config.kernel))
            before = width
        self.body = nn.Sequential(*layers)

    def forward(self, x):
        return self.body(x)
