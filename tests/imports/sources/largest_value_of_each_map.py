# assumed
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.fc = nn.Linear(6, 2)

    def forward(self, x):
        x = self.conv(x)
        x = x.view(x.size(0), x.size(1), -1)
        x, _ = torch.max(x, dim=2)
        return self.fc(x)
