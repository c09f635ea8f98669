# assumed
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # in, out, kernel, stride, padding, dilation, groups, bias, padding_mode
        self.conv1 = nn.Conv2d(1, 4, 3, 1, 2, 2, 1, False, 'reflect')
        self.bn = nn.BatchNorm2d(4, 1e-4, 0.2, True)
        self.pool = nn.MaxPool2d(3, 2, 1, 1, False, True)
        self.avg = nn.AvgPool2d(2, 1, 0, False, True)
        # in, out, kernel, stride, padding, output_padding, groups, bias, dilation
        self.up = nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 1)
        self.norm = nn.GroupNorm(3, 6, 1e-3)
        self.lrn = nn.LocalResponseNorm(3, 1e-3, 0.5, 1.0)

    def forward(self, x):
        x = self.bn(self.conv1(x))
        x = self.pool(x) if False else F.max_pool2d(x, 3, 2, 1, 1, True)
        x = self.avg(x)
        x = self.lrn(self.norm(self.up(x)))
        x = F.leaky_relu(x, 0.05)
        x = F.dropout(x, 0.2, self.training)
        return F.interpolate(x, None, 2, 'bilinear', False)
