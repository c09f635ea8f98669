# assumed
from torch import nn


class Base(nn.Module):
    width = 4
    kernel = 3

    def __init__(self):
        super(Base, self).__init__()
        self.stem = nn.Conv2d(1, self.width, self.kernel)
        self.build()

    def build(self):
        raise NotImplementedError

    def head(self, x):
        return x

    def forward(self, x):
        return self.head(self.stem(x))


class Net(Base):
    width = 6

    def build(self):
        self.last = nn.Conv2d(self.width, 2 * self.width, 1)

    def head(self, x):
        return self.last(super().head(x).relu())
