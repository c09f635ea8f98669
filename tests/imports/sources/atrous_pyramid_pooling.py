# image: 3,64,64
import torch
import torch.nn as nn
import torch.nn.functional as F


class Holes(nn.Sequential):
    def __init__(self, a, b, rate):
        layers = [nn.Conv2d(a, b, 3, padding=rate, dilation=rate, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
        super().__init__(*layers)


class WholeImage(nn.Sequential):
    """one value for each map, spread over all of it again"""

    def __init__(self, a, b):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Conv2d(a, b, 1), nn.ReLU())

    def forward(self, x):
        sides = x.shape[-2:]
        for part in self:
            x = part(x)
        return F.interpolate(x, size=sides, mode="bilinear", align_corners=False)


class Pyramid(nn.Module):
    def __init__(self, a, rates, b=4):
        super().__init__()
        paths = [nn.Conv2d(a, b, 1)]
        paths.extend(Holes(a, b, rate) for rate in tuple(rates))
        paths.append(WholeImage(a, b))
        self.paths = nn.ModuleList(paths)
        self.mix = nn.Conv2d(b * len(paths), b, 1, bias=False)
        self.drop = nn.Dropout2d(0.5)

    def forward(self, x):
        found = []
        for path in self.paths:
            found.append(path(x))
        return self.drop(self.mix(torch.cat(found, dim=1)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.eye = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 6, 3, 2, 1))
        self.pyramid = Pyramid(6, [2, 4, 6])
        self.mask = nn.Conv2d(4, 3, 1)

    def forward(self, x):
        x = self.mask(self.pyramid(self.eye(x)))
        return F.interpolate(x, scale_factor=4, mode='bilinear', align_corners=False)


if __name__ == "__main__":
    Net()(torch.rand(1, 3, 64, 64))
