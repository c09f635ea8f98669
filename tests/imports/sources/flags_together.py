# value: depth=2
# value: use_bn=False
# value: pool='avg'
# assumed
from typing import Literal, Optional, Tuple, Union

import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, depth: int, use_bn: bool, pool: Literal['max', 'avg', 'stride'], dropout: float = 0.0,
                 residual: bool = True, kernel: Union[int, Tuple[int, int]] = 3, norm: Optional[str] = None):
        super().__init__()
        if isinstance(kernel, int):
            kernel = (kernel, kernel)
        padding = tuple((k - 1) // 2 for k in kernel)
        self.residual = residual and depth > 1
        stride = 2 if pool == 'stride' else 1
        self.stem = nn.Conv2d(1, 4, kernel, stride, padding, bias=not use_bn)
        self.bn: Optional[nn.Module] = nn.BatchNorm2d(4) if use_bn else None
        body = []
        for i in range(depth):
            body.append(nn.Conv2d(4, 4, kernel, 1, padding))
            if norm is not None: body.append(nn.GroupNorm(2, 4))
            if dropout > 0.0 and i % 2 == 0:
                body.append(nn.Dropout(dropout))
            body.append(nn.ReLU() if i != depth - 1 else nn.Identity())
        self.body = nn.Sequential(*body)
        if pool in ('max', 'avg'):
            self.pool = nn.MaxPool2d(2) if pool == 'max' else nn.AvgPool2d(2)

    def forward(self, x):
        x = self.stem(x)
        x = self.bn(x) if self.bn is not None else x
        x = self.body(x) + x if self.residual else self.body(x)
        if hasattr(self, 'pool'):
            x = self.pool(x)
        return x
