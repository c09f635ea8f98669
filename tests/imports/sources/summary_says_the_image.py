# image: 3,48,80
import torch
import torch.nn as nn

try:
    from torchsummary import summary
except ImportError:
    summary = print


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv_layer = nn.Sequential(
            nn.Conv2d(3, 4, kernel_size=3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(4),
            nn.Conv2d(4, 8, kernel_size=3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(4),
        )
        self.fc_layer = nn.Sequential(nn.Dropout(p=0.1), nn.Linear(8 * 3 * 5, 12), nn.ReLU(inplace=True),
                                      nn.Linear(12, 10))

    def forward(self, x):
        x = self.conv_layer(x)
        x = x.view(x.size(0), -1)
        x = self.fc_layer(x)
        return x


if __name__ == "__main__":
    model = Net()
    summary(model, (3, 48, 80))
