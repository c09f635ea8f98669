# assumed
import torch
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.activations = {}
        self.history = []
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 8, 3)
        self.fc = nn.Linear(8, 3)
        self.register_buffer('steps', torch.zeros(1))

    def forward(self, x, targets=None, return_features=True):
        self.calls += 1
        x = torch.relu(self.conv1(x))
        self.activations['conv1'] = x.detach().cpu()
        x = torch.relu(self.conv2(x))
        self.last_map = x
        self.history.append(x.clone())
        pooled = x.mean(dim=(-2, -1))
        logits = self.fc(pooled)
        if targets is not None:
            loss = nn.functional.cross_entropy(logits, targets)
            return {'loss': loss, 'logits': logits}
        out = {'logits': logits}
        if return_features:
            out['features'] = pooled
            out['maps'] = [self.last_map, self.activations['conv1']]
        return out
