# assumed
from torch import nn

WIDTHS = iter([4, 6, 8])


class Net(nn.Module):
    def __init__(self, widths=WIDTHS):
        super().__init__()
        first = next(widths)
        self.stem = nn.Conv2d(1, first, 3)
        self.rest = nn.Sequential()
        before = first
        for width in widths:      # those that are left
            self.rest.append(nn.Conv2d(before, width, 3))
            before = width
        small = next((w for w in [3, 5, 7] if w > 4), None)
        self.last = nn.Conv2d(before, small, 1)

    def forward(self, x):
        return self.last(self.rest(self.stem(x)))
