# assumed
import copy

import torch.nn as nn


def several(prototype, n):
    "each with weights of its own"
    return nn.ModuleList(copy.deepcopy(prototype) for _ in range(n))


class Around(nn.Module):
    def __init__(self, c, p, norm=None):
        super().__init__()
        self.norm = norm or nn.GroupNorm(1, c)
        self.drop = nn.Dropout(p)

    def forward(self, x, inner):
        return x + self.drop(inner(self.norm(x)))


class Step(nn.Module):
    def __init__(self, c, look, think, p):
        super().__init__()
        self.look, self.think = look, think
        self.around = several(Around(c, p), 2)

    def forward(self, x):
        x = self.around[0](x, lambda maps: self.look(maps))
        return self.around[1](x, self.think)


class Net(nn.Module):
    def __init__(self, steps=2, c=4):
        super().__init__()
        look = nn.Conv2d(c, c, 3, padding=1)
        think = nn.Sequential(nn.Conv2d(c, 2 * c, 1), nn.GELU(), nn.Conv2d(2 * c, c, 1))
        self.stem = nn.Conv2d(1, c, 3)
        self.steps = several(Step(c, copy.deepcopy(look), copy.copy(think), 0.1), steps)

    def forward(self, x):
        x = self.stem(x)
        for step in self.steps:
            x = step(x)
        return x
