# assumed
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, n=3):
        super().__init__()
        for i in range(n):
            setattr(self, "conv%02d" % i, nn.Conv2d(1 if i == 0 else 4, 4, 3))
            self.add_module(f"bn{i:02d}", nn.BatchNorm2d(4))
        self.add_module("act{:>03}".format(7), nn.ELU())
        self.n = n

    def forward(self, x):
        # the first one by its own name
        x = self.bn00(self.conv00(x))
        for i in range(1, self.n):
            x = getattr(self, "conv%02d" % i)(x)
            x = getattr(self, f"bn{i:02}")(x)
        return self.act007(x)
