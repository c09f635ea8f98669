# image: 1,28,28
import torch
import torch.nn as nn
import torch.nn.functional as F


class CFG:
    # all hyperparameters in one place
    seed = 2021
    channels = 1
    width = 4
    n_layers = 3
    kernel_size = 3
    hidden = width * 2
    n_classes = 10
    lr = 1e-3; epochs = 2
    debug = False


class Net(nn.Module):
    def __init__(self, cfg=CFG):
        super().__init__()
        self.cfg = cfg
        self.conv_in = nn.Conv2d(cfg.channels, cfg.width, cfg.kernel_size)
        self.convs = nn.ModuleList([
            nn.Conv2d(self.cfg.width, self.cfg.width, self.cfg.kernel_size, padding=self.cfg.kernel_size // 2)
            for _ in range(self.cfg.n_layers - 1)
        ])
        self.pool = nn.MaxPool2d(2, 2)
        self.fc = nn.Linear(cfg.width * 13 * 13, cfg.hidden)
        self.out = nn.Linear(cfg.hidden, CFG.n_classes)

    def forward(self, x):
        x = F.relu(self.conv_in(x))
        for i, conv in enumerate(self.convs):
            x = F.relu(conv(x))
            if self.cfg.debug:
                print(i, x.shape)
        x = self.pool(x)
        x = x.view(len(x), -1)
        return self.out(F.relu(self.fc(x)))


torch.manual_seed(CFG.seed)
