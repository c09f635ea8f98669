# network: model
# assumed
import torch
from torch import nn

MODELS = {}


def register(name):
    def decorator(cls):
        MODELS[name] = cls
        return cls

    return decorator


@register("small")
class Small(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.conv = nn.Conv2d(1, width, 3)

    def forward(self, x):
        return torch.relu(self.conv(x))


@register("deep")
class Deep(Small):
    def __init__(self, width=4):
        super().__init__(width)
        self.more = nn.Conv2d(width, 2 * width, 3)

    def forward(self, x):
        return self.more(super().forward(x))


def build_model(name, **kwargs):
    if name not in MODELS:
        raise KeyError(f"unknown model {name}, choose from {list(MODELS)}")
    return MODELS[name](**kwargs)


model = build_model("deep", width=3)
