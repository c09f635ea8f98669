# assumed
import torch.nn as nn
import torch.nn.functional as F


class Swish(nn.Module):
    # the cheap one, without exp
    def forward(self, x):
        y = x * F.relu6(x + 3., inplace=True) / 6.
        return y


class Gate(nn.Module):
    def forward(self, x):
        return F.relu6(x + 3., inplace=True) / 6.


def attention(c, by=4):
    inner = max(c // by, 2)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, inner, 1), nn.BatchNorm2d(inner),
                         nn.ReLU(True), nn.Conv2d(inner, c, 1, bias=False), Gate())


class Weighted(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.weights = attention(c)

    def forward(self, x):
        return x * self.weights(x)


class Bottleneck(nn.Module):
    def __init__(self, k, a, inner, b, act, is_weighted, step):
        super().__init__()
        self.adds = step == 1
        self.widen = nn.Conv2d(a, inner, 1, bias=False)
        self.act = act(inplace=True) if act is nn.ReLU else act()
        self.depth = nn.Conv2d(inner, inner, k, step, k // 2, groups=inner, bias=False)
        self.weigh = Weighted(inner) if is_weighted else nn.Identity()
        self.narrow = nn.Conv2d(inner, b, 1, bias=False)
        self.project = None
        if self.adds and a != b:
            self.project = nn.Sequential(nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b))

    def forward(self, x):
        before = x
        y = self.depth(self.act(self.widen(x)))
        y = self.narrow(self.weigh(y))
        if self.project is not None:
            before = self.project(before)
        return y + before if self.adds else y


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        rows = [  # k, a, inner, b, act, weighted, step
            (3, 4, 8, 4, nn.ReLU, True, 1),
            (5, 4, 8, 6, Swish, True, 2),
            (5, 6, 10, 8, Swish, False, 1),
        ]
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), Swish(), *[Bottleneck(*row) for row in rows])

    def forward(self, x):
        return self.net(x)
