# image: 3,32,32
# assumed
from typing import Any, Callable, List, Optional, Type, Union

import torch
import torch.nn as nn
from torch import Tensor


def three(a: int, b: int, step: int = 1, holes: int = 1) -> nn.Conv2d:
    """3x3 with as much padding as it is dilated"""
    return nn.Conv2d(a, b, kernel_size=3, stride=step, padding=holes, dilation=holes, bias=False)


def one(a: int, b: int, step: int = 1) -> nn.Conv2d:
    return nn.Conv2d(a, b, 1, step, bias=False)


class Narrow(nn.Module):
    widening: int = 4

    def __init__(self, a: int, inner: int, step: int = 1, way: Optional[nn.Module] = None,
                 norm: Optional[Callable[..., nn.Module]] = None) -> None:
        super().__init__()
        if norm is None:
            norm = nn.BatchNorm2d
        self.enter, self.norm1 = one(a, inner), norm(inner)
        self.look, self.norm2 = three(inner, inner, step), norm(inner)
        self.leave, self.norm3 = one(inner, inner * self.widening), norm(inner * self.widening)
        self.relu = nn.ReLU(inplace=True)
        self.way = way

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm1(self.enter(x)))
        y = self.relu(self.norm2(self.look(y)))
        y = self.norm3(self.leave(y))
        y += x if self.way is None else self.way(x)
        return self.relu(y)


class Net(nn.Module):
    def __init__(self, block: Type[Union[Narrow]] = Narrow, counts: List[int] = [2, 1], **more: Any) -> None:
        super().__init__()
        self._norm = more.get('norm') or nn.BatchNorm2d
        self.have = 4
        self.stem = nn.Conv2d(3, self.have, 7, stride=2, padding=3, bias=False)
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.stages = nn.Sequential(self._make_layer(block, 4, counts[0]),
                                    self._make_layer(block, 6, counts[1], step=2))
        self.mean = nn.AdaptiveAvgPool2d((1, 1))
        self.scores = nn.Linear(self.have, 5)
        for m in self.modules():
            if isinstance(m, Narrow) and m.norm3.weight is not None:
                nn.init.constant_(m.norm3.weight, 0)  # type: ignore[arg-type]

    def _make_layer(self, block: Any, inner: int, count: int, step: int = 1) -> nn.Sequential:
        way, out = None, inner * block.widening
        if step != 1 or self.have != out:
            way = nn.Sequential(one(self.have, out, step), self._norm(out))
        blocks = [block(self.have, inner, step, way, self._norm)]
        self.have = out
        blocks.extend(block(out, inner, norm=self._norm) for _ in range(1, count))
        return nn.Sequential(*blocks)

    def _maps(self, x: Tensor) -> Tensor:
        return self.stages(self.pool(self.stem(x)))

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(torch.flatten(self.mean(self._maps(x)), 1))
