# image: 1,40,40
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(1, width, 4, 2, 1), nn.ELU())
        self.up = nn.ConvTranspose2d(width, 1, 4, 2, 1)

    def forward(self, x):
        return self.up(self.down(x)).sigmoid()


# quick check
assert Net()(torch.zeros(2, 1, 40, 40)).shape == (2, 1, 40, 40), "shapes differ"
