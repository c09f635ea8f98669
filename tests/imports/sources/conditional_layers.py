# value: use_bn=True
# assumed
from typing import Optional

from torch import nn


class Net(nn.Module):
    def __init__(self, use_bn, act='gelu'):
        super().__init__()
        self.use_bn = use_bn
        self.conv = nn.Conv2d(1, 4, 3, bias=not use_bn)
        self.bn = nn.BatchNorm2d(4) if use_bn else None
        self.act: Optional[nn.Module] = {'relu': nn.ReLU(), 'gelu': nn.GELU()}.get(act)

    def forward(self, x):
        x = self.conv(x)
        if self.bn is not None and self.use_bn:
            x = self.bn(x)
        return x if self.act is None else self.act(x)
