from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(1, 4, 3)
        self.gn = nn.GroupNorm(2, 4)
        self.inn = nn.InstanceNorm2d(4, affine=True)
        self.ln = nn.LayerNorm([4, 26, 26])
        self.fc = nn.Linear(4 * 26 * 26, 6)
        self.bn = nn.BatchNorm1d(6)
        self.out = nn.Softmax(dim=1)

    def forward(self, x):
        x = self.ln(self.inn(self.gn(self.a(x))))
        return self.out(self.bn(self.fc(x.flatten(start_dim=1))))
