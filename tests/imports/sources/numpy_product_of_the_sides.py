# image: 3,32,32
import numpy as np
import torch
import torch.nn as nn

IMG_SHAPE = (3, 32, 32)
hidden = int(np.sqrt(256))


class Net(nn.Module):
    def __init__(self):
        super().__init__()

        def block(cin, cout, normalize=True):
            layers = [nn.Linear(cin, cout)]
            if normalize:
                layers.append(nn.BatchNorm1d(cout, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(int(np.prod(IMG_SHAPE)), hidden, normalize=False),
            *block(hidden, hidden * 2),
            nn.Linear(hidden * 2, 1),
            nn.Sigmoid(),
        )

    def forward(self, img):
        img_flat = img.view(img.shape[0], -1)
        validity = self.model(img_flat)
        return validity


probe = torch.ones(2, *IMG_SHAPE)
