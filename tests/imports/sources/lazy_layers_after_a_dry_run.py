# network: model
# image: 1,28,28
import warnings

import torch
from torch import nn

warnings.simplefilter('ignore')  # lazy modules are a new feature


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.LazyConv2d(4, kernel_size=5), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(2, 2),
            nn.LazyConv2d(6, kernel_size=3, bias=False), nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(10),
        )

    def forward(self, x):
        return self.net(x)


model = Net()
with torch.no_grad():
    model(torch.zeros(1, 1, 28, 28))
