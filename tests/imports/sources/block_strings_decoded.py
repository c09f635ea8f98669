# image: 3,32,32
# assumed
import math

import torch
from torch import nn

BLOCKS = [
    'r1_k3_s1_e1_i4_o6_se',
    'r2_k5_s2_e2_i6_o8',
]


def decode(string):
    options = {}
    for op in string.split('_'):
        if op == 'se':
            continue
        key, value = op[0], op[1:]
        options[key] = int(value)
    options['se'] = string.endswith('_se')
    return options


def round_repeats(repeats, multiplier):
    return int(math.ceil(multiplier * repeats))


class MBConv(nn.Module):
    def __init__(self, cin, cout, kernel, stride, expand, se):
        super().__init__()
        mid = cin * expand
        self.expand = nn.Conv2d(cin, mid, 1, bias=False) if expand != 1 else None
        self.depthwise = nn.Conv2d(mid, mid, kernel, stride, (kernel - 1) // 2, groups=mid, bias=False)
        self.has_se = se
        if self.has_se:
            squeezed = max(1, int(cin * 0.25))
            self.se_reduce = nn.Conv2d(mid, squeezed, 1)
            self.se_expand = nn.Conv2d(squeezed, mid, 1)
        self.project = nn.Conv2d(mid, cout, 1, bias=False)
        self.id_skip = stride == 1 and cin == cout

    def forward(self, inputs):
        x = inputs
        if self.expand is not None:
            x = nn.functional.silu(self.expand(x))
        x = nn.functional.silu(self.depthwise(x))
        if self.has_se:
            s = nn.functional.adaptive_avg_pool2d(x, 1)
            s = self.se_expand(nn.functional.silu(self.se_reduce(s)))
            x = torch.sigmoid(s) * x
        x = self.project(x)
        if self.id_skip:
            x = x + inputs
        return x


class Net(nn.Module):
    def __init__(self, blocks=BLOCKS, depth=1.4):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList([])
        for o in map(decode, blocks):
            for repeat in range(round_repeats(o['r'], depth)):
                first = repeat == 0
                self.blocks.append(MBConv(o['i'] if first else o['o'], o['o'], o['k'], o['s'] if first else 1,
                                          o['e'], o['se']))

    def forward(self, x):
        x = self.stem(x)
        for idx, block in enumerate(self.blocks):
            x = block(x)
        return x
