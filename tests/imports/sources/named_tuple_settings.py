# assumed
from collections import namedtuple

from torch import nn

Stage = namedtuple("Stage", "width kernel pool")
SETTINGS = [Stage(4, 3, True), Stage(width=6, kernel=5, pool=False), Stage(8, 3, pool=True)]


class Net(nn.Module):
    def __init__(self, settings=SETTINGS):
        super().__init__()
        layers = []
        cin = 1
        for stage in settings:
            layers.append(nn.Conv2d(cin, stage.width, stage.kernel))
            layers.append(nn.ReLU())
            if stage.pool:
                layers.append(nn.MaxPool2d(2))
            cin = stage.width
        self.body = nn.Sequential(*layers)
        last_width, _, has_pool = settings[-1]
        self.out = nn.Conv2d(last_width, 3 if has_pool else 2, 1)

    def forward(self, x):
        return self.out(self.body(x))
