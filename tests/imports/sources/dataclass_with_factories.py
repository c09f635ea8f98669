# network: model
# image: 1,28,28
from dataclasses import dataclass, field

import torch
from torch import nn


@dataclass
class ModelConfig:
    widths: list[int] = field(default_factory=lambda: [4, 8])
    kernel_size: int = 3
    num_classes: int = 10
    use_bn: bool = True
    act: type[nn.Module] = nn.ReLU

    def __post_init__(self):
        self.padding = self.kernel_size // 2
        assert len(self.widths) > 0

    @property
    def last(self) -> int:
        return self.widths[-1]


class Net(nn.Module):
    def __init__(self, cfg: ModelConfig):
        super().__init__()
        self.cfg = cfg
        layers: list[nn.Module] = []
        cin = 1
        for w in cfg.widths:
            layers += [nn.Conv2d(cin, w, cfg.kernel_size, padding=cfg.padding, bias=not cfg.use_bn)]
            if cfg.use_bn:
                layers += [nn.BatchNorm2d(w)]
            layers += [cfg.act(), nn.MaxPool2d(2)]
            cin = w
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(cfg.last * 7 * 7, cfg.num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.features(x).flatten(1))


cfg = ModelConfig(num_classes=3)
model = Net(cfg)
