# network: model
# image: 3,32,32
import torch
from torch import nn


class Backbone(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 3))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.5), nn.Linear(8, 1000))
        self.aux = nn.Linear(8, 1000)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        x = torch.flatten(x, 1)
        return self.classifier(x)


model = Backbone()
# colour images instead of grey ones
old = model.features[0]
model.features[0] = nn.Conv2d(3, old.out_channels, kernel_size=old.kernel_size, bias=False)
num_ftrs = model.classifier[-1].in_features
model.classifier[-1] = nn.Linear(num_ftrs, 2)
del model.aux
for param in model.features.parameters():
    param.requires_grad = False
model.avgpool = nn.Sequential(nn.Conv2d(8, num_ftrs, 1), model.avgpool)
out = model(torch.randn(1, 3, 32, 32))
