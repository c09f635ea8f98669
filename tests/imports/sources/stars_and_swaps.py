# assumed
from torch import nn

channels = 1, 4, 6, 8
first, *middle, last = channels
a, b = 3, 5
a, b = b, a                    # now a = 5
(k, p), *_ = [(3, 1), (1, 0)]
x = y = z = 2


def layers(*sizes, kernel=3, **options):
    """[conv, relu, conv, relu...]"""
    found = []
    before, *rest = sizes
    for size in rest:
        found = [*found, nn.Conv2d(before, size, kernel, **options), nn.ReLU()]
        before = size
    return found


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        *body, _ = layers(first, *middle, last, kernel=a, padding=a // 2)
        self.net = nn.Sequential(*body, *layers(last, 4, padding=p, stride=(x, y)))
        self.mean, (self.height, self.width) = 0.5, (28, 28)

    def forward(self, *images):
        image, = images
        return self.net(image)
