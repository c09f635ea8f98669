# note: prepares it, and is left out
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5)
        self.fc = nn.Linear(4 * 24 * 24, 10)

    def forward(self, x):
        x = (x - 0.0) / 1.0 * 1
        x = self.conv(x * 1.0 + 0.0 - 0.0)
        return self.fc(torch.flatten(x, start_dim=1))
