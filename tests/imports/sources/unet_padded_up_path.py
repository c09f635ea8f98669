# image: 1,32,32
import torch
import torch.nn as nn
import torch.nn.functional as F


class Twice(nn.Module):
    def __init__(self, a, b, between=None):
        super().__init__()
        if not between:
            between = b
        self.first = nn.Conv2d(a, between, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(between)
        self.second = nn.Conv2d(between, b, 3, padding=1)

    def forward(self, x):
        return self.second(self.norm(self.first(x)).relu()).relu()


class Lower(Twice):
    def forward(self, x):
        return super().forward(F.max_pool2d(x, 2))


class Upper(nn.Module):
    def __init__(self, a, b, learned=False):
        super().__init__()
        if learned:
            self.enlarge = nn.ConvTranspose2d(a, a // 2, 2, 2)
            self.twice = Twice(a, b)
        else:
            self.enlarge = nn.Upsample(scale_factor=2, mode='bilinear', align_corners=True)
            self.twice = Twice(a, b, a // 2)

    def forward(self, small, large):
        small = self.enlarge(small)
        # odd sides lose a pixel on the way down
        rows = large.size()[2] - small.size()[2]
        columns = large.size()[3] - small.size()[3]
        small = F.pad(small, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        return self.twice(torch.cat([small, large], dim=1))


class Net(nn.Module):
    def __init__(self, learned=True):
        super().__init__()
        less = 1 if learned else 2
        self.top = Twice(1, 4)
        self.mid = Lower(4, 8)
        self.low = Lower(8, 16 // less)
        self.up_mid = Upper(16, 8 // less, learned)
        self.up_top = Upper(8, 4, learned)
        self.mask = nn.Conv2d(4, 2, 1)

    def forward(self, image):
        top = self.top(image)
        mid = self.mid(top)
        low = self.low(mid)
        return self.mask(self.up_top(self.up_mid(low, mid), top))


if __name__ == '__main__':
    print(Net()(torch.zeros(1, 1, 32, 32)).size())
