# assumed
from functools import cached_property, lru_cache

from torch import nn


@lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


class Net(nn.Module):
    base = 4

    @cached_property
    def widths(self):
        return [self.base, self.base * 2, fib(6)]

    @property
    def depth(self):
        return len(self.widths)

    def __init__(self):
        super().__init__()
        cin = 1
        for i in range(self.depth):
            setattr(self, f"conv_{i + 1}", nn.Conv2d(cin, self.widths[i], 3))
            cin = self.widths[i]

    def forward(self, x):
        for i in range(1, self.depth + 1):
            x = getattr(self, f"conv_{i}")(x)
        return x
