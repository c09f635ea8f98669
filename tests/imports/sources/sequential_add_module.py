from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential()
        self.body.add_module("conv", nn.Conv2d(1, 3, 3))
        self.body.add_module("act%d" % 1, nn.LeakyReLU(0.2))
        self.body.add_module(name="flat", module=nn.Flatten())
        self.body.append(nn.Linear(3 * 26 * 26, 5))

    def forward(self, x):
        return self.body(x)
