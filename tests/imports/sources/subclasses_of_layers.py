# image: 1,28,28
import torch
from torch import nn


class Norm(nn.BatchNorm2d):
    def __init__(self, channels):
        super(Norm, self).__init__(channels, eps=1e-3, momentum=0.01)


class Classifier(nn.Linear):
    """linear layer that normalises its scores"""

    def __init__(self, in_features, classes=10):
        nn.Linear.__init__(self, in_features, classes, bias=False)

    def forward(self, x):
        return super().forward(x.flatten(1)).softmax(dim=1)


class Pool(nn.MaxPool2d):
    pass


class Paths(nn.ModuleList):
    def forward(self, x):
        return torch.cat([path(x) for path in self], dim=1)


class StridedConv(nn.Conv2d):
    def __init__(self, cin, cout):
        super().__init__(cin, cout, kernel_size=3, stride=2, padding=1)
        self.norm = Norm(cout) if False else None

    def forward(self, input):
        return nn.functional.relu(super(StridedConv, self).forward(input))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = StridedConv(1, 4)
        self.norm = Norm(4)
        self.paths = Paths([nn.Conv2d(4, 3, 1), nn.Conv2d(4, 3, 3, padding=1)])
        self.pool = Pool(2)
        self.classifier = Classifier(6 * 7 * 7, classes=5)

    def forward(self, x):
        x = self.pool(self.paths(self.norm(self.down(x))))
        return self.classifier(x)
