# assumed
import torch
import torch.nn as nn


def activation_func(activation):
    return nn.ModuleDict([
        ['relu', nn.ReLU(inplace=True)],
        ['leaky_relu', nn.LeakyReLU(negative_slope=0.01, inplace=True)],
        ['elu', nn.ELU(alpha=0.7)],
        ['prelu', nn.PReLU(num_parameters=1, init=0.1)],
        ['gelu', nn.GELU()],
        ['silu', nn.SiLU()],
        ['none', nn.Identity()],
    ])[activation]


class Net(nn.Module):
    def __init__(self, order=('leaky_relu', 'elu', 'prelu', 'gelu', 'silu', 'none')):
        super().__init__()
        self.convs, self.acts = nn.ModuleList(), nn.ModuleList()
        for i, name in enumerate(order):
            self.convs.append(nn.Conv2d(1 if not i else 3, 3, 3, padding=1))
            self.acts += [activation_func(name)]
        self.per_channel = nn.PReLU(3)

    def forward(self, x):
        for conv, act in zip(self.convs, self.acts):
            x = act(conv(x))
        return self.per_channel(x)
