# assumed
from collections import namedtuple

from torch import nn

Out = namedtuple('Out', ['logits', 'features'])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, self.width, 3)
        self.last = self.one_by_one(self.width, 2)

    def forward(self, x):
        features = self.conv(x)
        return Out(self.last(features), features)

    @property
    def width(self):
        return 5

    @staticmethod
    def one_by_one(a, b):
        return nn.Conv2d(a, b, 1)

    @classmethod
    def build(cls):
        return cls()
