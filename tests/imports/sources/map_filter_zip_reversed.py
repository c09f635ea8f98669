# assumed
import math

import torch.nn as nn

SPEC = "4 6 8"
widths = list(map(int, SPEC.split()))
kernels = [3, 1, 5]
total = sum(k * k for k in kernels)                 # 35
odd = [k for k in kernels if k % 2 and k > 1]
names = ['conv' + str(i) for i, _ in enumerate(widths, start=1)]
lookup = dict(zip(names, zip([1] + widths[:-1], widths, kernels)))


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        for name, (i, o, k) in lookup.items():
            setattr(self, name, nn.Conv2d(i, o, k, padding=k // 2))
        down = list(reversed(widths))
        self.decoder = nn.Sequential(*[nn.Conv2d(i, o, 3) for i, o in zip(down, down[1:] + [2])])
        extra = [nn.Dropout(0.1) if total > 100 else None, nn.ReLU6(), None]
        self.extra = nn.Sequential(*filter(None, extra))
        self.pad = nn.ZeroPad2d(math.prod(odd) // 15)
        assert all(hasattr(self, n) for n in names) and any(k == 1 for k in kernels)

    def forward(self, x):
        for name in names:
            x = getattr(self, name)(x)
        x = self.decoder(self.pad(x))
        return self.extra(x)
