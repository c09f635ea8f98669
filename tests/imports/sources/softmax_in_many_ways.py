# value: head='functional'
# image: 1,28,28
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, head):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.maps = nn.Softmax2d()
        self.fc = nn.Linear(4 * 13 * 13, 6)
        self.hidden = nn.Linear(6, 4)
        self.log_softmax = nn.LogSoftmax(dim=-1)
        self.head = head

    def forward(self, x):
        x = self.maps(self.conv(x))
        x = self.fc(x.flatten(1))
        x = torch.softmax(x, dim=1)
        x = self.hidden(x)
        if self.head == 'functional':
            return F.log_softmax(x, dim=-1)
        if self.head == 'method':
            return x.log_softmax(1)
        return self.log_softmax(x)
