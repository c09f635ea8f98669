# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, act='GELU', norm='BatchNorm2d', pool='max'):
        super().__init__()
        Conv = getattr(nn, 'Conv%dd' % 2)
        self.conv1 = Conv(1, 4, 3)
        self.norm = getattr(nn, norm)(4)
        self.act = getattr(nn, act)()
        self.conv2 = Conv(4, 4, 3)
        self.pool_fn = getattr(F, f'{pool}_pool2d')
        self.squash = getattr(torch, 'tanh')

    def forward(self, x):
        x = self.act(self.norm(self.conv1(x)))
        x = self.pool_fn(x, kernel_size=2)
        x = getattr(F, 'elu')(self.conv2(x), alpha=0.5)
        return self.squash(x)
