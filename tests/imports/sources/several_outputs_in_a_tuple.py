# image: 1,28,28
# note: several tensors
from typing import Tuple

import torch
from torch import nn, Tensor


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.extractor = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(4))
        self.embed = nn.Linear(4 * 6 * 6, 8)
        self.logits = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        maps = self.extractor(x)
        features = self.embed(maps.flatten(start_dim=1))
        logits = self.logits(features)
        return logits, features, maps


def plot(model, loader):
    for x, y in loader:
        scores, feats, _ = model(x)
        pred = scores.argmax(dim=1, keepdim=True)
        yield pred.eq(y.view_as(pred)).sum().item()
