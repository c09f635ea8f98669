# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


def deal(x, groups):
    """like cards: one map of each group in turn"""
    n, c, rows, columns = x.data.size()
    x = x.view(n, groups, c // groups, rows, columns)
    x = x.transpose(1, 2).contiguous()
    return x.view(n, -1, rows, columns)


class Unit(nn.Module):
    def __init__(self, cin, cout, groups=2, how='add'):
        super(Unit, self).__init__()
        self.groups, self.how = groups, how
        if how == 'add':
            step, self.meet = 1, self.added
        elif how == 'concat':
            step, self.meet = 2, self.joined
            cout -= cin
        inner = cout // 2 // groups * groups or groups
        self.inward = nn.Conv2d(cin, inner, 1, groups=groups, bias=False)
        self.each = nn.Conv2d(inner, inner, 3, step, 1, groups=inner, bias=False)
        self.norm = nn.BatchNorm2d(inner)
        self.outward = nn.Conv2d(inner, cout, 1, groups=groups)

    @staticmethod
    def added(a, b):
        return a + b

    @staticmethod
    def joined(a, b):
        return torch.cat((a, b), 1)

    def forward(self, x):
        other = F.avg_pool2d(x, 3, 2, 1) if self.how == 'concat' else x
        y = deal(self.inward(x), self.groups)
        y = self.outward(self.norm(self.each(y)))
        return F.relu(self.meet(other, y))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.units = nn.Sequential(Unit(4, 12, how='concat'), Unit(12, 12))

    def forward(self, x):
        return self.units(self.first(x))
