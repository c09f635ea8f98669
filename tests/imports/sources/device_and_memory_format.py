# image: 3,32,32
# assumed
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.conv2 = nn.Conv2d(4, 4, 3)
        self.to(self.device)

    def forward(self, x):
        """x: a batch of images, on any device"""
        x = x.to(next(self.parameters()).device)
        if x.is_cuda:
            x = x.cuda(non_blocking=True)
        x = x.to(memory_format=torch.channels_last).type(torch.float32)
        with torch.autocast("cpu", enabled=False):
            x = self.conv1(x.float())
        x = x.to(dtype=self.conv2.weight.dtype, device=self.conv2.weight.device)
        assert isinstance(x, torch.Tensor) and x.ndim == 4, f"got {x.shape}"
        with torch.set_grad_enabled(self.training):
            x = self.conv2(x.contiguous())
        return x.clone().requires_grad_(False)


net = lambda: Net().eval()
