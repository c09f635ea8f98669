# assumed
from torch import nn

count = 0


def numbered():
    global count
    count += 1
    return count


def counter(start):
    value = start

    def step():
        nonlocal value
        value *= 2
        return value

    return step


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        numbered()
        step = counter(2)
        self.a = nn.Conv2d(numbered() - 1, step(), 3)
        self.b = nn.Conv2d(self.a.out_channels, step(), 3)

    def forward(self, x):
        return self.b(self.a(x))
