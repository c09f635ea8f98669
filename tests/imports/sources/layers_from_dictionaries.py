# assumed
from torch import nn

SPEC = [
    {'type': 'conv', 'args': {'out_channels': 4, 'kernel_size': 3}},
    {'type': 'relu'},
    {'type': 'conv', 'args': {'out_channels': 6, 'kernel_size': (3, 1)}},
]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        channels, made = 1, []
        for number, spec in enumerate(SPEC, start=1):
            kind = spec['type']
            if kind == 'conv':
                made.append(nn.Conv2d(channels, **spec['args']))
                channels = spec['args']['out_channels']
            elif kind == 'relu':
                made.append(nn.ReLU())
            else:
                raise ValueError(f'layer {number}: {kind}')
        self.net = nn.Sequential(*made)

    def forward(self, x):
        return self.net(x)
