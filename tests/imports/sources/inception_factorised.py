# assumed
import torch
from torch import nn


class Conv(nn.Module):
    def __init__(self, *channels, **options):
        super().__init__()
        self.filters = nn.Conv2d(*channels, **options)
        self.cut = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.cut(self.filters(x))


class Forked(nn.Module):
    """a path that forks again at its end"""

    def __init__(self, c):
        super().__init__()
        self.point = Conv(c, 3, kernel_size=1)
        self.before = Conv(c, 4, kernel_size=1)
        self.flat = Conv(4, 2, kernel_size=(1, 3), padding=(0, 1))
        self.tall = Conv(4, 2, kernel_size=(3, 1), padding=(1, 0))
        self.long = nn.Sequential(
            Conv(c, 3, kernel_size=1),
            Conv(3, 4, kernel_size=(1, 7), padding=(0, 3)),
            Conv(4, 4, kernel_size=(7, 1), padding=(3, 0)),
        )
        self.after_pool = Conv(c, 2, kernel_size=1)

    def forward(self, x):
        ends = [self.point(x)]
        fork = self.before(x)
        fork = [self.flat(fork), self.tall(fork)]
        ends.append(torch.cat(fork, 1))
        ends.append(self.long(x))
        pooled = nn.functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        ends.append(self.after_pool(pooled))
        return torch.cat(ends, 1)


class Halved(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv = Conv(c, 4, kernel_size=3, stride=2)

    def forward(self, x):
        return torch.cat([self.conv(x), nn.functional.max_pool2d(x, 3, stride=2)], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.forked, self.halved = Forked(4), Halved(3 + 2 + 2 + 4 + 2)

    def forward(self, x):
        x = self.forked(self.stem(x))
        return self.halved(x)
