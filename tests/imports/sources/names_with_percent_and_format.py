# assumed
import torch.nn as nn


class Net(nn.Module):
    def __init__(self, num_stages=2, num_blocks=2):
        super().__init__()
        self.num_stages, self.num_blocks = num_stages, num_blocks
        c = 1
        for s in range(num_stages):
            for b in range(num_blocks):
                self.add_module('stage%d_block%s' % (s, b), nn.Conv2d(c, 4, 3))
                c = 4
            setattr(self, "norm_{stage}".format(stage=s), nn.BatchNorm2d(c))
            setattr(self, '{0}_{1}_{0}'.format('act', s), nn.ReLU())
        self.names = ['stage{}_block{}'.format(0, 0)]
        self.names += [f"stage{s}_block{b}" for s in range(num_stages) for b in range(num_blocks)][1:]

    def forward(self, x):
        for i, name in enumerate(self.names):
            x = getattr(self, name)(x)
            stage, rest = divmod(i + 1, self.num_blocks)
            if rest == 0:
                x = self._modules[f"norm_{stage - 1}"](x)
                x = self.__getattr__('act_%i_act' % (stage - 1))(x)
        return x
