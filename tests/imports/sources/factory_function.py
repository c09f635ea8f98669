# network: tiny_net
# assumed
import torch.nn as nn


def conv3x3(cin, cout, stride=1):
    """3x3 convolution with padding"""
    return nn.Conv2d(cin, cout, kernel_size=3, stride=stride, padding=1, bias=False)


def block(cin, cout, *, act=nn.ReLU):
    return nn.Sequential(conv3x3(cin, cout), nn.BatchNorm2d(cout), act())


class Net(nn.Module):
    def __init__(self, *pairs):
        super().__init__()
        self.blocks = nn.Sequential(*[block(*pair, act=nn.GELU) for pair in pairs])

    def forward(self, x):
        return self.blocks(x)


def tiny_net():
    return Net((1, 4), (4, 8))
