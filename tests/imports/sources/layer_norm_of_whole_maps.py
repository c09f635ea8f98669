# image: 1,28,28
import torch
from torch import nn


class LNBlock(nn.Module):
    def __init__(self, cin, cout, side):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1)
        self.ln = nn.LayerNorm((cout, side, side), eps=1e-6)
        self.act = nn.SiLU()

    def forward(self, x):
        return self.act(self.ln(self.conv(x)))


class Net(nn.Module):
    def __init__(self, side=28):
        super().__init__()
        self.time = nn.Sequential(LNBlock(1, 4, side), LNBlock(4, 4, side), nn.MaxPool2d(2))
        side //= 2
        self.next = LNBlock(4, 6, side)
        self.flat = nn.Flatten()
        self.ln = nn.LayerNorm(6 * side * side, elementwise_affine=False)
        self.fc = nn.Linear(6 * side * side, 8)
        self.ln2 = nn.LayerNorm([8])
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        x = self.next(self.time(x))
        x = self.fc(self.ln(self.flat(x)))
        return self.out(torch.relu(self.ln2(x)))
