# assumed
from torch import nn, Tensor


class Block(nn.Module):
    def __init__(self, cin: int, cout: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride, 1)
        self.skip = nn.Identity() if cin == cout else nn.Conv2d(cin, cout, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).relu() + self.skip(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Block(1, 4, 2)
        self.b = Block(4, 4)

    def forward(self, x):
        return self.b(self.a(x))
