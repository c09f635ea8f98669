# image: 3,32,32
# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class LambdaLayer(nn.Module):
    def __init__(self, lambd):
        super(LambdaLayer, self).__init__()
        self.lambd = lambd

    def forward(self, x):
        return self.lambd(x)


class Block(nn.Module):
    def __init__(self, cin, cout, stride=1, option='A'):
        super(Block, self).__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        self.after = lambda t: F.relu(t)
        if stride != 1 and option == 'A':
            # parameter-free: every second pixel
            self.shortcut = LambdaLayer(lambda x: x[:, :, ::2, ::2])
        elif option == 'B':
            self.shortcut = LambdaLayer(lambda x: F.avg_pool2d(x, stride))

    def forward(self, x):
        out = self.bn(self.conv1(x))
        out += self.shortcut(x)
        return self.after(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, 1, 1)
        self.b1 = Block(4, 4)
        self.b2 = Block(4, 4, 2)
        self.b3 = Block(4, 4, 2, option='B')
        self.pool = LambdaLayer(lambda x: torch.mean(x, dim=(2, 3)))

    def forward(self, x):
        return self.pool(self.b3(self.b2(self.b1(self.stem(x)))))
