# image: 1,28,28
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, shape=(1, 28, 28)):
        super(Net, self).__init__()
        self.a = nn.Conv2d(shape[0], 4, 5)
        self.b = nn.Conv2d(4, 6, 3)
        # how many values come out? let torch count them
        values = self.count(shape)
        self.hidden = nn.Linear(values, 12)
        self.out = nn.Linear(12, 10)

    def count(self, shape, n=1):
        with torch.no_grad():
            something = torch.rand(n, *shape)
            maps = self.maps(something)
        return maps.data.view(n, -1).size(1)

    def maps(self, x):
        for layer in (self.a, self.b):
            x = F.relu(F.max_pool2d(layer(x), 2))
        return x

    def forward(self, x):
        x = self.maps(x)
        x = x.view(x.size(0), -1)
        x = F.relu(self.hidden(x))
        return self.out(x)
