# assumed
try:
    import torch.nn as nn
except ImportError:
    nn = None
else:
    pass
finally:
    kernel = 3


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, kernel)

    def forward(self, x):
        return self.conv(x)
