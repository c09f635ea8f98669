# assumed
from collections import OrderedDict
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, n_blocks=2):
        super(Net, self).__init__()
        layers = OrderedDict()
        layers['conv0'] = nn.Conv2d(1, 4, 3)
        for i in range(n_blocks):
            layers.update({f'relu{i}': nn.ReLU()})
            layers[f'conv{i + 1}'] = nn.Conv2d(4, 4, 3)
        layers.setdefault('conv0', nn.Identity())
        self.features = nn.Sequential(layers)
        self.head = nn.Sequential(OrderedDict(
            [('conv_%d' % k, nn.Conv2d(4, 4, k, padding=k // 2)) for k in (1, 3)] + [('act', nn.Hardswish())]
        ))

    def forward(self, x):
        for name, layer in self.features.named_children():
            x = layer(x)
        x = self.head.conv_1(x)
        x = self.head[1](x)
        return self.head.act(x)
