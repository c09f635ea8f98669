# image: 3,64,64
import torch
import torch.nn as nn


def pair(a, b):
    half = lambda i: [nn.Conv2d(i, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()]
    return nn.Sequential(*half(a), *half(b)[::2])


class Net(nn.Module):
    def __init__(self, widths=(4, 6, 8)):
        super(Net, self).__init__()
        self.going_down, self.going_up = nn.ModuleList(), nn.ModuleList()
        c = 3
        for w in widths:
            self.going_down.append(pair(c, w)); c = w
        self.middle = pair(c, 2 * c)
        c = 2 * c
        for w in reversed(widths):
            self.going_up.append(nn.ConvTranspose2d(c, w, 2, 2))
            self.going_up.append(pair(2 * w, w))
            c = w
        self.smaller = nn.MaxPool2d(2)
        self.colour = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        kept = []
        for block in self.going_down:
            x = block(x)
            kept.append(x)
            x = self.smaller(x)
        x = self.middle(x)
        kept = kept[::-1]
        for i in range(0, len(self.going_up), 2):
            x = self.going_up[i](x)
            old = kept[i // 2]
            if x.shape != old.shape:
                raise RuntimeError('sizes differ')
            x = self.going_up[i + 1](torch.cat((old, x), dim=1))
        return self.colour(x)


if __name__ == "__main__":
    Net()(torch.ones((1, 3, 64, 64)))
