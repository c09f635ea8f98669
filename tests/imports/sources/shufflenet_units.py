# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


def channel_shuffle(x, groups):
    batchsize, num_channels, height, width = x.data.size()
    channels_per_group = num_channels // groups
    # reshape, transpose, flatten
    x = x.view(batchsize, groups, channels_per_group, height, width)
    x = torch.transpose(x, 1, 2).contiguous()
    x = x.view(batchsize, -1, height, width)
    return x


class ShuffleUnit(nn.Module):
    def __init__(self, in_channels, out_channels, groups=2, combine='add'):
        super(ShuffleUnit, self).__init__()
        self.groups = groups
        self.combine = combine
        if self.combine == 'add':
            stride, self._combine_func = 1, self._add
        elif self.combine == 'concat':
            stride, self._combine_func = 2, self._concat
            out_channels -= in_channels
        mid = out_channels // 2 // groups * groups or groups
        self.compress = nn.Conv2d(in_channels, mid, 1, groups=groups, bias=False)
        self.depthwise = nn.Conv2d(mid, mid, 3, stride=stride, padding=1, groups=mid, bias=False)
        self.bn = nn.BatchNorm2d(mid)
        self.expand = nn.Conv2d(mid, out_channels, 1, groups=groups)

    @staticmethod
    def _add(x, out):
        return x + out

    @staticmethod
    def _concat(x, out):
        return torch.cat((x, out), 1)

    def forward(self, x):
        residual = x
        if self.combine == 'concat':
            residual = F.avg_pool2d(residual, kernel_size=3, stride=2, padding=1)
        out = self.compress(x)
        out = channel_shuffle(out, self.groups)
        out = self.bn(self.depthwise(out))
        out = self.expand(out)
        out = self._combine_func(residual, out)
        return F.relu(out)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.stage2 = nn.Sequential(ShuffleUnit(4, 12, combine='concat'), ShuffleUnit(12, 12))

    def forward(self, x):
        return self.stage2(self.conv(x))
