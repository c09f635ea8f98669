# image: 3,48,48
import torch
import torch.nn as nn
from torch.autograd import Variable


class Net(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.conv = nn.Conv2d(3, 4, 5, stride=2)
        self.bn = nn.BatchNorm2d(4)

    def forward(self, x):
        return self.bn(self.conv(x))


inputs = Variable(torch.FloatTensor(2, 3, 48, 48).fill_(0.5))
outputs = Net()(inputs)
