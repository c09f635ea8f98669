# assumed
import logging

import torch
import torch.nn as nn

logger = logging.getLogger(__name__)
VERBOSE = False


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(1, 4, 3)
        self.c2 = nn.Conv2d(4, 2, 3)
        logger.info("made %s", type(self).__name__)

    def forward(self, x):
        print("in :", tuple(x.shape), x.dtype, x.device)
        x = self.c1(x)
        logger.debug("after c1: %s", x.shape)
        print(f"mean {x.mean().item():.4f}, std {x.std().item():.4f}, max {x.max()}")
        if VERBOSE:
            print(x)
        x = self.c2(x.relu())
        print("out: {}  min={:.2f}".format(list(x.size()), float(x.min())))
        assert not torch.isnan(x).any(), "NaN!"
        return x
