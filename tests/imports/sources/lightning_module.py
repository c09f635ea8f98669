# assumed
import torch
from torch import nn
from torch.nn import functional as F

try:
    import pytorch_lightning as pl

    Module = pl.LightningModule
except ImportError:
    Module = nn.Module


class Net(Module):
    def __init__(self, lr: float = 1e-3):
        super().__init__()
        self.learning_rate = lr
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log('loss', loss)
        return loss

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=self.learning_rate)
