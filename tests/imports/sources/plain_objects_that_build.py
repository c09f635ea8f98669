# assumed
from torch import nn


class ConvMaker:
    """remembers how many channels there are"""

    count = 0

    def __init__(self, channels, act=None):
        self.channels = channels
        self.act = act

    def __call__(self, width, k=3, **kw):
        layer = nn.Conv2d(self.channels, width, k, **kw)
        self.channels = width
        ConvMaker.count += 1
        return layer if self.act is None else nn.Sequential(layer, self.act())

    def repeat(self, n, width):
        return [self(width, padding=1) for _ in range(n)]

    def __len__(self):
        return self.count


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        make = ConvMaker(1, act=nn.ReLU)
        self.stem = make(4, 5, stride=2)
        self.body = nn.Sequential(*make.repeat(2, 6))
        make.act = None
        self.head = make(len(make), k=1)

    def forward(self, x):
        return self.head(self.body(self.stem(x)))
