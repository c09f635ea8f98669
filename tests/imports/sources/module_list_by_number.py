# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList()
        for i in range(3):
            self.convs.append(nn.Conv2d(1 if i == 0 else 4, 4, 3, dilation=i + 1))

    def forward(self, x):
        for i in range(len(self.convs)):
            x = self.convs[i](x)
            if i < len(self.convs) - 1:
                x = torch.tanh(x)
        return x
