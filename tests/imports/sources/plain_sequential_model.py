# network: net
from torch.nn import Conv2d, Flatten, Linear, MaxPool2d, ReLU, Sequential

net = Sequential(
    Conv2d(1, 4, 3),
    ReLU(),
    MaxPool2d(2),
    Flatten(),
    Linear(4 * 13 * 13, 10),
)
