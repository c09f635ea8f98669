# assumed
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, c=4):
        super().__init__()
        self.stem = nn.Conv2d(1, c, 3)
        self.branches = nn.ModuleList(nn.Conv2d(c, c, k, padding=k // 2) for k in (1, 3, 5))
        self.a, self.b, self.d = (nn.Conv2d(c, c, 1) for _ in range(3))
        self.out = nn.Conv2d(2 * c, 2, 1)

    def forward(self, x):
        x = self.stem(x)
        x = sum([branch(x) for branch in self.branches]) + x
        total = 0
        for branch in (self.a, self.b):
            total = total + branch(x)
        y = torch.add(total, other=x)
        z = self.d(y)
        z = z.mul(torch.sigmoid(z)).add(y)
        return self.out(torch.cat(tensors=(z, torch.tanh(z)), dim=1))
