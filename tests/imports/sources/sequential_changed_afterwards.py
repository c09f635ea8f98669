# assumed
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Dropout())
        self.net.insert(1, nn.BatchNorm2d(4))
        self.net.extend([nn.Conv2d(4, 6, 3), nn.Sigmoid()])
        self.net[2] = nn.Tanh()
        del self.net[5]
        self.net.pop(-1)
        children = list(self.net.children())
        self.stem = nn.Sequential(*children[:-1])
        self.last = children[-1]
        self.odd = self.net[::2]          # conv, tanh, relu
        self.more = nn.Sequential(nn.Conv2d(6, 4, 1)) + nn.Sequential(nn.ReLU(), nn.Conv2d(4, 2, 1))

    def forward(self, x):
        x = self.last(self.stem(x))
        x = self.odd[-1](x)
        return self.more(x)
