import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 5)
        self.fc = nn.Linear(4 * 24 * 24, 10)

    def forward(self, x):
        x = x.view(-1, 1, 28, 28)
        x = self.conv(x).relu()
        return self.fc(x.view(x.size(0), -1))
