# assumed
from torch import nn


class Block(nn.Module):
    def __init__(self, cin, cout, downsample=None):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample

    def forward(self, x):
        residual = x
        out = self.conv(x)
        if self.downsample is not None:
            residual = self.downsample(x)
        out += residual
        return self.relu(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(Block(1, 6, nn.Conv2d(1, 6, 1)), Block(6, 6))

    def forward(self, x):
        return self.layers(x)
