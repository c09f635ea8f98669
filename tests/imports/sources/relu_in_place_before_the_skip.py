# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, c, how):
        super().__init__()
        self.how = how
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x):
        skip = x
        if self.how == 'functional':
            out = F.relu(x, True)
        elif self.how == 'torch':
            out = torch.relu_(x)
        elif self.how == 'method':
            out = x.relu_()
        else:
            out = F.leaky_relu(x, negative_slope=0.2, inplace=True)
        out = self.conv(out)
        out += skip             # the skip is rectified!
        return out


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3)
        # without batch norms in between, so that it matters
        self.blocks = nn.Sequential(*(Block(4, how) for how in ('functional', 'torch', 'method', 'leaky')))
        self.neg = nn.Tanh()

    def forward(self, x):
        return self.blocks(self.neg(self.stem(x)))
