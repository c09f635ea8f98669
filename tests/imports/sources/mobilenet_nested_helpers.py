# image: 3,64,64
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, classes=6):
        super(Net, self).__init__()

        def full(a, b, step):
            return nn.Sequential( nn.Conv2d(a, b, 3, step, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(inplace=True) )

        def separable(a, b, step):
            def finish(c):
                return [nn.BatchNorm2d(c), nn.ReLU(inplace=True)]
            each = nn.Conv2d(a, a, 3, step, 1, groups=a, bias=False)
            mix  = nn.Conv2d(a, b, 1, bias=False)
            return nn.Sequential(each, *finish(a), mix, *finish(b))

        self.body = nn.Sequential(
            full(      3,  4, 2),
            separable( 4,  8, 1),
            separable( 8, 12, 2),
            *[separable(12, 12, 1) for _ in range(2)],
            separable(12, 16, 2),
            nn.AvgPool2d(8),
        )
        self.scores = nn.Linear(16, classes)

    def forward(self, x):
        x = self.body(x)
        x = x.view(-1, 16)
        return self.scores(x)


def seconds(net):
    import time
    began = time.time()
    net(torch.rand(1, 3, 224, 224))
    print('%10s : %f' % (type(net).__name__, time.time() - began))


if __name__ == '__main__':
    images = torch.randn(1, 3, 64, 64)
    print(Net()(images).shape)
