# image: 3,64,64
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 4, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(4, 8, 4, 4), nn.LeakyReLU(0.2),
            nn.Flatten(), nn.Linear(8 * 8 * 8, 1), nn.Sigmoid(),
        )

    def forward(self, x):
        # one number for each image, shape (N,)
        return self.net(x).view(-1)


def loss(model, real):
    return nn.BCELoss()(model(real), torch.ones(real.size(0)))


batch = torch.randn(16, 3, 64, 64)
