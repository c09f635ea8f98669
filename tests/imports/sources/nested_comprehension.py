# assumed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        pairs = [(a, b) for a in (1, 4) for b in (4, 6) if a < b and (a, b) != (1, 6)]
        layers = [layer for a, b in pairs for layer in (nn.Conv2d(a, b, 3), nn.ReLU())]
        self.body = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.body(x)
