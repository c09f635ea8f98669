# assumed
from typing import List, NamedTuple

from torch import nn


class Block(NamedTuple):
    width: int
    repeats: int = 1
    stride: int = 1


PLAN: List[Block] = [Block(4, 2), Block(8, stride=2)]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        c = 1
        self.stages = nn.ModuleList()
        for block in PLAN:
            stage = nn.Sequential()
            for i in range(block.repeats):
                stage.add_module(
                    str(i), nn.Conv2d(c, block.width, 3, block.stride if i == 0 else 1, 1)
                )
                c = block.width
            self.stages.append(stage)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return x
