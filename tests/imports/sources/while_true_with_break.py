# image: 1,28,28
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList()
        side, width, i = 28, 2, 0
        cin = 1
        while True:
            i += 1
            if i == 2:
                continue
            if side <= 4:
                break
            self.convs.append(nn.Conv2d(cin, width * i, 3, stride=2, padding=1))
            cin = width * i
            side = (side + 1) // 2
        for candidate in range(10, 1, -1):
            if cin % candidate == 0 and candidate < 6:
                self.norm = nn.GroupNorm(candidate, cin)
                break
        else:
            self.norm = nn.Identity()
        n = len(self.convs)
        while n:
            n -= 1
        else:
            self.fc = nn.Linear(cin * side * side, n + 5)

    def forward(self, x):
        i = 0
        while i < len(self.convs):
            x = self.convs[i](x).relu()
            i += 1
        return self.fc(self.norm(x).flatten(1))
