# image: 3,32,32
import torch
import torch.nn as nn

cfgs = {
    'A': "4 M 8 M 8 8 M",
    'B': "4 4 M 8 8 M",
}


def parse(text):
    return [int(token) if token.isdigit() else token for token in text.strip().split(' ')]


def make_layers(cfg, batch_norm=True, **kwargs):
    layers, in_channels = [], kwargs.get('in_channels', 3)
    for position, v in enumerate(cfg):
        if v == 'M':
            layers += [nn.MaxPool2d(2, 2)]
            continue
        conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
        layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)] if batch_norm else [conv2d, nn.ReLU(inplace=True)]
        in_channels = v
    return nn.Sequential(*layers)


class Net(nn.Module):
    cfg = 'A'

    def __init__(self, num_classes: int = 10, init_weights: bool = True, dropout: float = 0.5):
        super(Net, self).__init__()
        cfg = parse(cfgs[self.cfg])
        self.features = make_layers(cfg, batch_norm='B' not in self.cfg)
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        last = [v for v in cfg if v != 'M'][-1]
        self.classifier = nn.Sequential(
            nn.Linear(last * 2 * 2, 12), nn.ReLU(True), nn.Dropout(p=dropout),
            nn.Linear(12, num_classes),
        )
        if init_weights:
            self._initialize_weights()

    def _initialize_weights(self):
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity='relu')
                if m.bias is not None:
                    nn.init.constant_(m.bias, 0)
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.constant_(m.weight, 1)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.avgpool(self.features(x))
        x = torch.flatten(x, start_dim=1, end_dim=-1)
        return self.classifier(x)


def get_loaders():
    from torchvision import datasets
    return datasets.CIFAR10('.', train=True), datasets.CIFAR10('.', train=False)
