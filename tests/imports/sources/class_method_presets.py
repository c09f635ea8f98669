# network: model
# image: 3,40,40
import torch
from torch import nn


class Net(nn.Module):
    PRESETS = {
        "tiny": dict(width=4, depth=1),
        "small": dict(width=6, depth=2),
    }
    activation = nn.GELU

    def __init__(self, width, depth, classes=10):
        super().__init__()
        self.layers = nn.Sequential(*self._layers(width, depth))
        self.head = nn.Conv2d(width, classes, 1)

    @classmethod
    def from_preset(cls, name, **overrides):
        config = dict(cls.PRESETS[name])
        config.update(overrides)
        return cls(**config)

    @classmethod
    def small(cls, *args, **kwargs):
        return cls.from_preset("small", *args, **kwargs)

    @classmethod
    def _block(cls, cin, cout):
        return [nn.Conv2d(cin, cout, 3, padding=1), cls.activation()]

    def _layers(self, width, depth):
        found = self._block(3, width)
        for _ in range(depth):
            found += self._block(width, width)
        return found

    def forward(self, x):
        return self.head(self.layers(x))


model = Net.small(classes=5)
x = torch.randn(size=(1, 3, 40, 40))
y = model(x)
