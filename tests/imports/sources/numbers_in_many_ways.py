# assumed
import math
from torch import nn

BASE = 0x04
WIDE = 1_6 >> 1
HALF = -(-WIDE // 2)  # rounded up
EPS = 1e-3
RATE = .25
q, r = divmod(23, 5)


class Net(nn.Module):
    def __init__(self, alpha=1.5):
        super().__init__()
        c1 = int(BASE * alpha)
        c2 = int(math.log2(256)) + (WIDE % 3) - 2 ** 1
        c3 = min(round(7.5 * 0.5), 1 << 3) * max([1, 2, HALF])
        c4 = abs(-q) * r // 2 + pow(2, 1)
        self.a = nn.Conv2d(1, c1, kernel_size=2 * 1 + 1)
        self.b = nn.Conv2d(c1, c2, (c1 & 3, 3), padding=(True + 0, int(1.9)))
        self.bn = nn.BatchNorm2d(c2, eps=EPS, momentum=1 - .9)
        self.c = nn.Conv2d(c2, c3, 3, bias=not True)
        self.d = nn.Conv2d(c3, c4, math.ceil(2.1), stride=int('2'))
        self.act = nn.LeakyReLU(RATE ** 2)

    def forward(self, x):
        x = self.bn(self.b(self.a(x)))
        return self.act(self.d(self.c(x)))
