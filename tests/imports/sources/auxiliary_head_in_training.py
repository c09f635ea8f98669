# image: 3,64,64
# note: several tensors
import torch
import torch.nn as nn
import torch.nn.functional as F


class BasicConv2d(nn.Module):
    def __init__(self, in_channels, out_channels, **kwargs):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)), inplace=True)


class AuxHead(nn.Module):
    def __init__(self, cin, classes):
        super().__init__()
        self.conv = BasicConv2d(cin, 4, kernel_size=1)
        self.fc = nn.Linear(4, classes)

    def forward(self, x):
        x = self.conv(F.adaptive_avg_pool2d(x, 1))
        return self.fc(torch.flatten(x, 1))


class Net(nn.Module):
    def __init__(self, classes=3, aux_logits=True):
        super().__init__()
        self.aux_logits = aux_logits
        self.a = BasicConv2d(3, 6, kernel_size=7, stride=2, padding=3)
        self.b = BasicConv2d(6, 8, kernel_size=3, padding=1)
        if aux_logits:
            self.aux = AuxHead(8, classes)
        self.c = BasicConv2d(8, 8, kernel_size=3, stride=2)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(8, classes)

    def forward(self, x):
        x = self.b(self.a(x))
        aux = None
        if self.training and self.aux_logits:
            aux = self.aux(x)
        x = self.c(x)
        x = self.dropout(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))
        x = self.fc(x)
        return x, aux


if __name__ == "__main__":
    out, aux = Net()(torch.randn(2, 3, 64, 64))
