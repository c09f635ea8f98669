# assumed
import torch
import torch.nn as nn


class SkipBlock(nn.Module):
    """x -> [down - submodule - up] joined with x, built from the innermost out"""

    def __init__(self, outer, inner, submodule=None, outermost=False):
        super().__init__()
        self.outermost = outermost
        down = [nn.Conv2d(1 if outermost else outer, inner, kernel_size=4, stride=2, padding=1)]
        if submodule is None:
            up = [nn.ReLU(), nn.ConvTranspose2d(inner, outer, kernel_size=4, stride=2, padding=1)]
            self.model = nn.Sequential(*down, *up)
        elif outermost:
            up = [nn.ReLU(), nn.ConvTranspose2d(inner * 2, outer, kernel_size=4, stride=2, padding=1), nn.Tanh()]
            self.model = nn.Sequential(*(down + [submodule] + up))
        else:
            down = [nn.LeakyReLU(0.2)] + down
            up = [nn.ReLU(), nn.ConvTranspose2d(inner * 2, outer, 4, 2, 1)]
            if inner > 2:
                up += [nn.Dropout(0.5)]
            self.model = nn.Sequential(*(down + [submodule] + up))

    def forward(self, x):
        if self.outermost:
            return self.model(x)
        return torch.cat([x, self.model(x)], 1)


class Net(nn.Module):
    def __init__(self, ngf=4):
        super().__init__()
        block = None
        for outer, inner in [(ngf * 2, ngf * 2), (ngf, ngf * 2)][1:]:
            block = SkipBlock(outer, inner, submodule=block)
        self.model = SkipBlock(2, ngf, submodule=block, outermost=True)

    def forward(self, input):
        return self.model(input)
