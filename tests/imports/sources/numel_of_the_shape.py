# image: 1,28,28
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=3)
        self.fc = nn.Linear(324, 8)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        x = x.view(-1, x.shape[1:].numel())
        x = torch.relu(self.fc(x))
        return self.out(x.reshape(x.size()[0], x.size()[1]))
