# image: 3,64,64
# dogs vs cats
import torch
import torch.nn as nn
import torch.nn.functional as F
from torchvision import transforms

tfm = lambda: transforms.Compose([transforms.Resize((64, 64)), transforms.ToTensor()])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.conv2 = nn.Conv2d(4, 8, 3)
        self.fc1 = nn.Linear(8 * 14 * 14, 16)
        self.fc2 = nn.Linear(16, 1)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2, 2)
        x = x.view(x.shape[0], -1)
        x = F.relu(self.fc1(x))
        x = torch.sigmoid(self.fc2(x))
        return x.squeeze(-1)
