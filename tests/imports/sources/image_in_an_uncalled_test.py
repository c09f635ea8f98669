# image: 3,50,60
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 6, 3, stride=2)

    def forward(self, x):
        out = F.relu(self.conv1(x))
        return self.conv2(out)


def test():
    y = Net()(torch.randn(1, 3, 50, 60))
    print(y.size())

# test()


def test_twice():
    for _ in range(2):
        test()
