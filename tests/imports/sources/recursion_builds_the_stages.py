# assumed
import torch
from torch import nn


def build(widths, cin=1):
    if not widths:
        return []
    head, tail = widths[0], widths[1:]
    return [nn.Conv2d(cin, head, 3, padding=1), nn.ReLU()] + build(tail, head)


class Tree(nn.Module):
    """a binary tree of additions"""

    def __init__(self, depth, c):
        super().__init__()
        self.depth = depth
        if depth == 0:
            self.leaf = nn.Conv2d(c, c, 3, padding=1)
        else:
            self.left = Tree(depth - 1, c)
            self.right = Tree(depth - 1, c)
            self.join = nn.Conv2d(2 * c, c, 1)

    def forward(self, x):
        if self.depth == 0:
            return self.leaf(x)
        y = torch.cat([self.left(x), self.right(x)], dim=1)
        return self.join(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(*build([4, 6, 4]))
        self.tree = Tree(2, 4)

    def forward(self, x):
        return self.tree(self.stem(x))
