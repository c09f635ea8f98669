# image: 3,48,48
import torch
from torch import nn


def after(side, *steps):
    """the side of a square map after convolutions of (kernel, stride, padding)"""
    for kernel, stride, padding in steps:
        side = (side + 2 * padding - kernel) // stride + 1
    return side


class Net(nn.Module):

    def __init__(self, side=48, classes=4):
        super(Net, self).__init__()
        steps = [(5, 2, 0), (3, 2, 1)]
        self.eyes = nn.Sequential()
        for (k, s, p), (a, b) in zip(steps, [(3, 4), (4, 8)]):
            self.eyes.append(nn.Conv2d(a, b, k, s, p))
            self.eyes.append(nn.BatchNorm2d(b))
            self.eyes.append(nn.ReLU())
        self.values = 8 * after(side, *steps) ** 2
        self.brain = nn.Linear(self.values, classes)

    def forward(self, x):
        seen = self.eyes(x)
        return self.brain(seen.view(seen.size(0), self.values))


if __name__ == '__main__':
    screen = torch.zeros((1, 3, 48, 48))
    print(Net()(screen))
