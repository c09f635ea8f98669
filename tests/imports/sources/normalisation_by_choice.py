# value: norm='group'
# assumed
import torch.nn as nn


def get_norm(name, channels):
    norms = {
        'batch': lambda c: nn.BatchNorm2d(c),
        'instance': lambda c: nn.InstanceNorm2d(c, affine=True, track_running_stats=True),
        'group': lambda c: nn.GroupNorm(num_groups=2, num_channels=c),
        'layer': lambda c: nn.GroupNorm(1, c),   # all channels together
        None: lambda c: nn.Identity(),
    }
    try:
        return norms[name](channels)
    except KeyError:
        raise ValueError('no such norm: %r' % name)


class Net(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.norm1 = get_norm(norm, 4)
        self.conv2 = nn.Conv2d(4, 6, 3)
        self.norm2 = get_norm('instance', 6)
        self.conv3 = nn.Conv2d(6, 4, 3)
        self.norm3 = get_norm('layer', 4)
        self.norm4 = get_norm(None, 4)

    def forward(self, x):
        x = self.norm1(self.conv1(x)).relu()
        x = self.norm2(self.conv2(x)).relu()
        return self.norm4(self.norm3(self.conv3(x)))
