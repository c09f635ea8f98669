# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.circular = nn.Conv2d(1, 4, 3, padding=1, padding_mode='circular')
        self.replicate = nn.Conv2d(4, 4, (5, 3), padding=(2, 1), padding_mode='replicate')
        self.same = nn.Conv2d(4, 4, kernel_size=3, dilation=2, padding='same')
        self.valid = nn.Conv2d(4, 4, kernel_size=[3, 1], padding="valid")
        self.zero = nn.ZeroPad2d([1, 0, 1, 0])
        self.seven = nn.ConstantPad2d((0, 1, 0, 1), 7)
        self.last = nn.Conv2d(4, 2, 4, stride=2)

    def forward(self, x):
        x = self.circular(x)
        x = self.replicate(x)
        x = self.valid(self.same(x))
        x = F.pad(x, pad=(2, 2, 1, 1), mode='reflect')
        x = F.pad(x, (1, 0, 1, 0), "constant", 0)
        x = self.seven(self.zero(x))
        x = F.pad(x, (0, 0, 0, 1), value=-0.5)
        return self.last(x)
