import math

from torch import nn

SIDE = 28
WIDTH = 2 ** 3 + 1 - 1


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        half = SIDE // 2
        self.conv = nn.Conv2d(1, int(WIDTH * 0.5) + 4 % 3, 3, padding=(3 - 1) // 2)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(5 * half * half, max(10, round(9.6)) * min(1, abs(-3)))
        self.out = nn.Linear(10, math.ceil(math.sqrt(17)))

    def forward(self, x):
        x = self.pool(self.conv(x))
        return self.out(self.fc(x.reshape(x.shape[0], -1)))
