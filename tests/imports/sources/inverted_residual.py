# assumed
from torch import nn


def _make_divisible(v, divisor=4, min_value=None):
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v


class InvertedResidual(nn.Module):
    def __init__(self, inp, oup, stride, expand_ratio):
        super().__init__()
        assert stride in [1, 2]
        hidden = int(round(inp * expand_ratio))
        self.use_res_connect = stride == 1 and inp == oup
        layers = []
        if expand_ratio != 1:
            layers.extend([nn.Conv2d(inp, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6()])
        layers.extend([
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden), nn.ReLU6(),
            nn.Conv2d(hidden, oup, 1, bias=False), nn.BatchNorm2d(oup),
        ])
        self.conv = nn.Sequential(*layers)

    def forward(self, x):
        if self.use_res_connect:
            return x + self.conv(x)
        else:
            return self.conv(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        settings = [
            # t, c, n, s
            [1, 6, 1, 1],
            [2, 8, 2, 2],
        ]
        c = _make_divisible(4 * 1.0)
        self.stem = nn.Conv2d(1, c, 3, 1, 1)
        features = []
        for t, width, n, s in settings:
            out = _make_divisible(width)
            for i in range(n):
                features.append(InvertedResidual(c, out, s if i == 0 else 1, expand_ratio=t))
                c = out
        self.features = nn.Sequential(*features)

    def forward(self, x):
        return self.features(self.stem(x))
