# assumed
from types import SimpleNamespace

import torch.nn as nn

DEFAULTS = {'kernel_size': 3, 'stride': 1, 'padding': 1, 'bias': False}
STEM = {**DEFAULTS, 'stride': 2}
WIDE = DEFAULTS | dict(kernel_size=5, padding=2)

hp = SimpleNamespace(width=4, act='silu', final=dict(out_channels=3, kernel_size=1))
ACTS = dict(relu=nn.ReLU, silu=nn.SiLU)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        options = dict(STEM)
        options['bias'] = True
        self.stem = nn.Conv2d(1, hp.width, **options)
        self.act = ACTS[hp.act]() if hp.act in ACTS else nn.Identity()
        self.mid = nn.Conv2d(hp.width, hp.width * 2, **WIDE)
        popped = hp.final.copy()
        out = popped.pop('out_channels', 10)
        self.last = nn.Conv2d(hp.width * 2, out, **popped)

    def forward(self, x):
        return self.last(self.act(self.mid(self.act(self.stem(x)))))
