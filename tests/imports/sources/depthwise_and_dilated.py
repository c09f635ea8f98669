# assumed
from torch import nn


class DepthwiseSeparable(nn.Module):
    def __init__(self, nin, kernels_per_layer, nout):
        super().__init__()
        self.depthwise = nn.Conv2d(nin, nin * kernels_per_layer, kernel_size=3, padding=1, groups=nin)
        self.pointwise = nn.Conv2d(nin * kernels_per_layer, nout, kernel_size=1)

    def forward(self, x):
        return self.pointwise(self.depthwise(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=2, dilation=2, padding_mode='circular')
        self.ds = DepthwiseSeparable(4, 2, 6)
        self.odd = nn.Conv2d(6, 6, (1, 7), padding=(0, 3))

    def forward(self, x):
        return self.odd(self.ds(self.stem(x)))
