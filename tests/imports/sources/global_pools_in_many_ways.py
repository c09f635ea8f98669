# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, how='shape'):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3)
        self.gates = nn.ModuleList(nn.Conv2d(4, 4, 1) for _ in range(5))
        self.fc = nn.Linear(4, 2)

    def pooled(self, x, i):
        if i == 0:
            return F.avg_pool2d(x, kernel_size=x.size()[2:])
        elif i == 1:
            return F.avg_pool2d(x, (x.shape[2], x.shape[3]))
        elif i == 2:
            return x.mean((2, 3), keepdim=True)
        elif i == 3:
            return F.adaptive_max_pool2d(x, output_size=1)
        return torch.mean(x, dim=[-2, -1], keepdim=True)

    def forward(self, x):
        x = self.a(x)
        for i, gate in enumerate(self.gates):
            w = torch.sigmoid(gate(self.pooled(x, i)))
            x = w * x
        x = F.max_pool2d(x, x.shape[-1])
        x = x.squeeze(3).squeeze(2)
        return self.fc(x)
