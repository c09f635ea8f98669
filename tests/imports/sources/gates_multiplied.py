# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class SpatialGate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.squeeze = nn.Conv2d(c, 1, kernel_size=7, padding=3, bias=False)

    def forward(self, U):
        q = self.squeeze(U)     # B x 1 x H x W
        return torch.mul(U, torch.sigmoid(q))


class ChannelGate(nn.Module):
    def __init__(self, gate_channels, reduction_ratio=2):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Flatten(),
            nn.Linear(gate_channels, gate_channels // reduction_ratio),
            nn.ReLU(),
            nn.Linear(gate_channels // reduction_ratio, gate_channels)
        )

    def forward(self, x):
        att = self.mlp(F.adaptive_avg_pool2d(x, 1))
        scale = torch.sigmoid(att).unsqueeze(2).unsqueeze(3).expand_as(x)
        return scale * x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.channel = ChannelGate(4)
        self.spatial = SpatialGate(4)
        self.a = nn.Conv2d(4, 4, 1)
        self.b = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        x = self.spatial(self.channel(self.stem(x)))
        x = torch.tanh(self.a(x)) * torch.sigmoid(self.b(x)) * x
        return x.mul_(F.softmax(x, dim=1))
