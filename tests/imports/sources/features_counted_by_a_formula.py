# image: 3,48,48
import torch
from torch import nn


def conv2d_size_out(size, kernel_size=5, stride=2, padding=0):
    return (size + 2 * padding - (kernel_size - 1) - 1) // stride + 1


class Net(nn.Module):

    def __init__(self, h=48, w=48, outputs=4):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 4, kernel_size=5, stride=2)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 8, kernel_size=5, stride=2)
        self.bn2 = nn.BatchNorm2d(8)

        convw = conv2d_size_out(conv2d_size_out(w))
        convh = conv2d_size_out(conv2d_size_out(h))
        linear_input_size = convw * convh * 8
        self.head = nn.Linear(linear_input_size, outputs)

    # Called with either one element to determine next action, or a batch
    def forward(self, x):
        x = nn.functional.relu(self.bn1(self.conv1(x)))
        x = nn.functional.relu(self.bn2(self.conv2(x)))
        return self.head(x.view(x.size(0), -1))


if __name__ == '__main__':
    net = Net()
    screen = torch.zeros((1, 3, 48, 48))
