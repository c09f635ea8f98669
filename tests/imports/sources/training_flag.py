# note: read as it is while it trains
# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.drop = nn.Dropout(0.3)

    def forward(self, x):
        x = self.conv(x)
        if self.training:
            x = self.drop(x)
        else:
            x = x + 0
        return x
