# image: 3,64,64
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, classes=6):
        super(Net, self).__init__()

        def conv_bn(inp, oup, stride):
            return nn.Sequential(
                nn.Conv2d(inp, oup, 3, stride, 1, bias=False),
                nn.BatchNorm2d(oup),
                nn.ReLU(inplace=True)
            )

        def conv_dw(inp, oup, stride):
            return nn.Sequential(
                # depthwise
                nn.Conv2d(inp, inp, 3, stride, 1, groups=inp, bias=False),
                nn.BatchNorm2d(inp),
                nn.ReLU(inplace=True),

                # pointwise
                nn.Conv2d(inp, oup, 1, 1, 0, bias=False),
                nn.BatchNorm2d(oup),
                nn.ReLU(inplace=True),
            )

        self.model = nn.Sequential(
            conv_bn(  3,   4, 2),
            conv_dw(  4,   8, 1),
            conv_dw(  8,  12, 2),
            *[conv_dw(12, 12, 1) for _ in range(2)],
            conv_dw( 12,  16, 2),
            nn.AvgPool2d(8),
        )
        self.fc = nn.Linear(16, classes)

    def forward(self, x):
        x = self.model(x)
        x = x.view(-1, 16)
        x = self.fc(x)
        return x


def speed(model, name):
    import time
    t0 = time.time()
    x = torch.rand(1, 3, 224, 224)
    model(x)
    print('%10s : %f' % (name, time.time() - t0))


if __name__ == '__main__':
    net = Net()
    x = torch.randn(1, 3, 64, 64)
    print(net(x).shape)
