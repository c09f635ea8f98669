# assumed
from torch import nn


class ConvBN(nn.Sequential):
    def __init__(self, cin, cout, k=3, **kwargs):
        super().__init__(
            nn.Conv2d(cin, cout, k, bias=False, **kwargs),
            nn.BatchNorm2d(cout),
            nn.ReLU6(inplace=True),
        )


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = ConvBN(1, 6, padding=1)
        self.b = ConvBN(6, 8, k=5, stride=2)

    def forward(self, x):
        return self.b(self.a(x))
