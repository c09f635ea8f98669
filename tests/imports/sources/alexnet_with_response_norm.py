# image: 3,64,64
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self, num_classes=5):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=11, stride=4, padding=2), nn.ReLU(inplace=True),
            nn.LocalResponseNorm(size=5, alpha=0.0001, beta=0.75, k=2),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(8, 12, 5, padding=2, groups=2), nn.ReLU(inplace=True),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential()
        for i, (inp, out) in enumerate([(12 * 3 * 3, 16), (16, 16)]):
            self.classifier.add_module(f"drop{i}", nn.Dropout())
            self.classifier.add_module(f"fc{i}", nn.Linear(inp, out))
            self.classifier.add_module(f"relu{i}", nn.ReLU(inplace=True))
        self.classifier.add_module("last", nn.Linear(16, num_classes))

    def forward(self, x):
        x = self.features(x)
        x = F.local_response_norm(x, 3)
        x = self.avgpool(x)
        x = x.view(x.size(0), 12 * 3 * 3)
        return self.classifier(x)


if __name__ == '__main__':
    try:
        from torchinfo import summary
        summary(Net(), input_size=(1, 3, 64, 64))
    except ImportError:
        pass
