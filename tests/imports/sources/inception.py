# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Inception(nn.Module):
    def __init__(self, cin, c1, c2, c3):
        super().__init__()
        self.b1 = nn.Conv2d(cin, c1, 1)
        self.b2 = nn.Sequential(nn.Conv2d(cin, c2[0], 1), nn.ReLU(), nn.Conv2d(c2[0], c2[1], 3, padding=1))
        self.b3 = nn.Sequential(nn.MaxPool2d(3, 1, 1), nn.Conv2d(cin, c3, 1))

    def forward(self, x):
        outputs = [self.b1(x), self.b2(x), self.b3(x)]
        return torch.cat([F.relu(y) for y in outputs], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Inception(1, 2, (3, 4), 2)
        self.b = Inception(8, 2, [2, 2], c3=1)

    def forward(self, x):
        return self.b(self.a(x))
