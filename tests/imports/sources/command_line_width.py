# value: width=6
# assumed
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser(description='PyTorch exercise 3')
parser.add_argument('--batch-size', type=int, default=64, metavar='N')
parser.add_argument('--no-cuda', action='store_true', default=False, help='disables CUDA training')
args = parser.parse_args(args=[])
use_cuda = not args.no_cuda and torch.cuda.is_available()
device = torch.device("cuda" if use_cuda else "cpu")
kwargs = {'num_workers': 1, 'pin_memory': True} if use_cuda else {}


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3)
        self.conv2 = nn.Conv2d(width, width // 2, 3)

    def forward(self, x):
        return self.conv2(self.conv(x).relu())


def main():
    model = Net(args.width).to(device)
    optimizer = torch.optim.Adadelta(model.parameters(), lr=args.lr)
