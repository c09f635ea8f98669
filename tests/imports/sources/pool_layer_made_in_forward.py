# assumed
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.fc = nn.Linear(4, 2)

    def forward(self, x):
        x = nn.ReLU()(self.conv(x))
        x = nn.AvgPool2d(kernel_size=x.size()[2:])(x)
        return self.fc(nn.Flatten()(x))


print(Net())
