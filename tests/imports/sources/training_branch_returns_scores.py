# image: 1,28,28
import torch
import torch.nn as nn
import torch.nn.functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, stride=2)
        self.drop = nn.Dropout2d(0.25)
        self.fc = nn.Linear(4 * 13 * 13, 10)

    def forward(self, x):
        x = F.relu(self.conv(x))
        if self.training is True:
            x = self.drop(x)
        x = F.dropout2d(x, 0.1, training=self.training)
        x = F.dropout(x, p=0.5, training=self.training, inplace=False)
        scores = self.fc(x.view(x.size(0), -1))
        return scores

    def predict(self, x):
        self.eval()
        with torch.no_grad():
            return F.softmax(self(x), dim=1).argmax(1)
