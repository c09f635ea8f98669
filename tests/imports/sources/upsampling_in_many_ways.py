# assumed
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 4, 4, stride=4)
        self.nearest = nn.Upsample(scale_factor=2)
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.up = nn.UpsamplingBilinear2d(scale_factor=2)
        self.transposed = nn.ConvTranspose2d(12, 2, kernel_size=4, stride=2, padding=1)

    def forward(self, x):
        small = self.down(x)
        a = self.conv1(self.nearest(small))
        a = F.interpolate(a, scale_factor=(2, 2), mode='nearest')
        b = F.interpolate(small, size=a.shape[-2:], mode='bilinear', align_corners=True)
        x = torch.cat([a, b], 1)[:, :, :, :]
        x = F.max_pool2d(x, (2, 2)) if x.shape[1] == 4 else F.avg_pool2d(x, (2, 2))
        x = nn.functional.avg_pool2d(x, 1)
        x = torch.cat([x, self.conv2(self.up(small))], dim=1)
        x = self.transposed(x)
        return F.interpolate(x, scale_factor=2.0, mode='bilinear', align_corners=False)
