# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 3, 3)
        self.paths = nn.ModuleList([nn.Conv2d(3, 2, 1) for _ in range(11)])

    def forward(self, x):
        x = self.stem(x)
        return torch.cat([path(x) for path in self.paths], dim=1)
