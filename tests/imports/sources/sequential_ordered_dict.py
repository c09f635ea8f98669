# image: 1,28,28
from collections import OrderedDict

from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(OrderedDict([
            ("conv1", nn.Conv2d(1, 4, kernel_size=5)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.MaxPool2d(2)),
        ]))
        self.head = nn.Sequential(OrderedDict(flat=nn.Flatten(), fc=nn.Linear(4 * 12 * 12, 10)))

    def forward(self, x):
        return self.head(self.features(x))
