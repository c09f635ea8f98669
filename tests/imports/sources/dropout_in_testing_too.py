# note: also drops values when the network is tested
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.fc = nn.Linear(2 * 26 * 26, 3)

    def forward(self, x):
        x = self.conv(x)
        x = F.dropout(x, 0.0)
        return self.fc(torch.flatten(x, 1))
