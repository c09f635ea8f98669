# assumed
from torch import nn


class AutoPadConv(nn.Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # torch makes pairs of numbers
        self.padding = (self.kernel_size[0] // 2, self.kernel_size[1] // 2)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, kernel_size=5, stride=2)
        k = self.first.kernel_size[0]
        s = self.first.stride[1]
        self.pad = nn.ZeroPad2d(k // 2)
        self.second = AutoPadConv(self.first.out_channels, 6, (1, 3))
        self.third = AutoPadConv(self.second.out_channels, 4 * s, 3, groups=s)

    def forward(self, x):
        x = self.pad(self.first(x))
        x = self.second(x)
        return self.third(x)
