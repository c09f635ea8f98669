# image: 3,64,64
import torch
from torch import nn
from torch.nn import functional as F

try:
    import lightning.pytorch as pl
except ImportError:
    try:
        import pytorch_lightning as pl
    except ImportError:
        pl = None

LightningModule = pl.LightningModule if pl is not None else nn.Module


class Net(LightningModule):
    def __init__(self, hidden_dim: int = 8, lr: float = 2e-4, num_classes: int = 10):
        super().__init__()
        if hasattr(self, "save_hyperparameters"):
            self.save_hyperparameters()
        self.example_input_array = torch.zeros(2, 3, 64, 64)
        self.layer_1 = nn.Conv2d(3, hidden_dim, 3, stride=2)
        self.layer_2 = nn.Conv2d(hidden_dim, hidden_dim, 3, stride=2)
        self.out = nn.Linear(hidden_dim * 15 * 15, num_classes)

    def forward(self, x):
        batch_size, channels, height, width = x.size()
        x = F.relu(self.layer_1(x))
        x = F.relu(self.layer_2(x))
        x = x.view(batch_size, -1)
        return F.log_softmax(self.out(x), dim=1)

    def _shared_step(self, batch, stage):
        x, y = batch
        logits = self(x)
        loss = F.nll_loss(logits, y)
        self.log(f'{stage}_loss', loss, prog_bar=True)
        return loss

    def training_step(self, batch, batch_idx):
        return self._shared_step(batch, 'train')

    def validation_step(self, batch, batch_idx):
        self._shared_step(batch, 'val')

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, step_size=1)]


if __name__ == '__main__':
    trainer = pl and pl.Trainer(max_epochs=1, accelerator='cpu')
