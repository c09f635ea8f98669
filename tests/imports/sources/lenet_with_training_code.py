# image: 1,32,32
# LeNet for a course exercise, 32x32 input like in the paper
import torch
import torch.nn as nn
import torch.optim as optim

NUM_CLASSES = 10
BATCH_SIZE = 64


class Net(nn.Module):

    def __init__(self, n_classes=NUM_CLASSES):
        super(Net, self).__init__()

        self.feature_extractor = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5, stride=1),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5, stride=1),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
        )

        self.classifier = nn.Sequential(
            nn.Linear(in_features=16 * 5 * 5, out_features=24),
            nn.Tanh(),
            nn.Linear(in_features=24, out_features=n_classes),
        )

    def forward(self, x):
        x = self.feature_extractor(x)
        x = torch.flatten(x, 1)
        logits = self.classifier(x)
        return logits


def train_one_epoch(loader, model, criterion, optimizer, device='cpu'):
    model.train()
    running_loss = 0
    for X, y_true in loader:
        optimizer.zero_grad()
        X, y_true = X.to(device), y_true.to(device)
        y_hat = model(X)
        loss = criterion(y_hat, y_true)
        running_loss += loss.item() * X.size(0)
        loss.backward()
        optimizer.step()
    return model, optimizer, running_loss / len(loader.dataset)


def main(loader):
    torch.manual_seed(42)
    model = Net()
    optimizer = optim.Adam(model.parameters(), lr=0.001)
    criterion = nn.CrossEntropyLoss()
    for epoch in range(15):
        model, optimizer, loss = train_one_epoch(loader, model, criterion, optimizer)
        print(f'Epoch {epoch}:\t{loss:.4f}')
