# image: 3,64,64
import torch
from torch import nn
from torch.nn import functional as F


class Net(nn.Module):
    def __init__(self, width=6):
        super().__init__()
        self.c2 = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU())
        self.c3 = nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1), nn.ReLU())
        self.c4 = nn.Sequential(nn.Conv2d(6, 8, 3, 2, 1), nn.ReLU())
        self.lateral = nn.ModuleDict()
        for level, channels in {'p2': 4, 'p3': 6, 'p4': 8}.items():
            self.lateral[level] = nn.Conv2d(channels, width, kernel_size=1)
        self.smooth = nn.Conv2d(width, width, kernel_size=3, padding=1)

    def _upsample_add(self, x, y):
        _, _, H, W = y.size()
        return F.interpolate(x, size=(H, W), mode='nearest') + y

    def forward(self, x):
        # bottom-up
        c2 = self.c2(x)
        c3 = self.c3(c2)
        c4 = self.c4(c3)
        # top-down
        p4 = self.lateral['p4'](c4)
        p3 = self._upsample_add(p4, self.lateral['p3'](c3))
        p2 = self._upsample_add(p3, self.lateral['p2'](c2))
        return self.smooth(p2)


sample = torch.rand(4, 3, 64, 64)
