# image: 1,28,28
import torch
from torch import nn

SIZES = [4, 8]


class Net(nn.Module):
    """squeezes a digit to one pixel of 12 maps and draws it again"""

    def __init__(self):
        super().__init__()
        shrink, grow, before = [], [], 1
        for size in SIZES:
            shrink += [nn.Conv2d(before, size, 3, 2, 1), nn.ReLU()]
            grow = [nn.ConvTranspose2d(size, before, 3, 2, 1, output_padding=1), nn.ReLU()] + grow
            before = size
        grow[-1] = nn.Sigmoid()
        self.shrink = nn.Sequential(*shrink, nn.Conv2d(before, 12, 7))
        self.grow = nn.Sequential(nn.ConvTranspose2d(12, before, 7), nn.ELU(), *grow)

    def code(self, x):
        return self.shrink(x)

    def forward(self, x):
        return self.grow(self.code(x))


def fit(net, digits, rounds=3):
    opt = torch.optim.Adam(net.parameters())
    for _ in range(rounds):
        for x, _ in digits:
            opt.zero_grad()
            error = ((net(x) - x) ** 2).mean()
            error.backward()
            opt.step()


def digits():
    from torchvision import datasets, transforms
    return torch.utils.data.DataLoader(datasets.MNIST('.', transform=transforms.ToTensor()), 32)
