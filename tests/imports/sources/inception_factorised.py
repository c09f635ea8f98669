# assumed
import torch
from torch import nn


class Conv(nn.Module):
    def __init__(self, *channels, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(*channels, bias=False, **kwargs)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(self.conv(x))


class InceptionE(nn.Module):
    """branches that fork again at their ends"""

    def __init__(self, cin):
        super().__init__()
        self.branch1x1 = Conv(cin, 3, kernel_size=1)

        self.branch3x3_1 = Conv(cin, 4, kernel_size=1)
        self.branch3x3_2a = Conv(4, 2, kernel_size=(1, 3), padding=(0, 1))
        self.branch3x3_2b = Conv(4, 2, kernel_size=(3, 1), padding=(1, 0))

        self.branch_dbl = nn.Sequential(
            Conv(cin, 3, kernel_size=1),
            Conv(3, 4, kernel_size=(1, 7), padding=(0, 3)),
            Conv(4, 4, kernel_size=(7, 1), padding=(3, 0)),
        )
        self.branch_pool = Conv(cin, 2, kernel_size=1)

    def forward(self, x):
        branch1x1 = self.branch1x1(x)

        branch3x3 = self.branch3x3_1(x)
        branch3x3 = [
            self.branch3x3_2a(branch3x3),
            self.branch3x3_2b(branch3x3),
        ]
        branch3x3 = torch.cat(branch3x3, 1)

        dbl = self.branch_dbl(x)

        pool = nn.functional.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        pool = self.branch_pool(pool)

        outputs = [branch1x1, branch3x3, dbl, pool]
        return torch.cat(outputs, 1)


class InceptionB(nn.Module):
    def __init__(self, cin):
        super().__init__()
        self.conv = Conv(cin, 4, kernel_size=3, stride=2)

    def forward(self, x):
        return torch.cat([self.conv(x), nn.functional.max_pool2d(x, kernel_size=3, stride=2)], 1)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        self.e = InceptionE(4)
        self.b = InceptionB(3 + 2 + 2 + 4 + 2)

    def forward(self, x):
        x = self.stem(x)
        x = self.e(x)
        return self.b(x)
