# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


def hard_sigmoid(x):
    return F.relu6(x + 3).div(6.0)


class HardSwish(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu6 = nn.ReLU6()

    def forward(self, x):
        return x * (self.relu6(3 + x) / 6)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3)
        self.b = nn.Conv2d(4, 4, 3)
        self.c = nn.Conv2d(4, 4, 3)
        self.d = nn.Conv2d(4, 4, 3)
        self.act = HardSwish()

    def forward(self, x):
        x = self.act(self.a(x))
        x = self.b(x)
        x = x.mul(hard_sigmoid(x))
        x = self.c(x)
        x = x * torch.clamp(x + 3, 0, 6) * (1 / 6)
        x = self.d(x)
        return x.add(3).clamp(min=0, max=6) / 6
