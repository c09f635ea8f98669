# image: 1,32,32
# exercise 2: digits of 32x32 pixels
import torch
import torch.nn as nn
import torch.optim as optim

CLASSES = 10
RATE = 0.01


class Net(nn.Module):

    def __init__(self, classes=CLASSES):
        super(Net, self).__init__()

        self.look = nn.Sequential(
            nn.Conv2d(in_channels=1, out_channels=6, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
            nn.Conv2d(in_channels=6, out_channels=16, kernel_size=5),
            nn.Tanh(),
            nn.AvgPool2d(kernel_size=2),
        )
        self.decide = nn.Sequential(
            nn.Linear(in_features=16 * 5 * 5, out_features=24), nn.Tanh(),
            nn.Linear(in_features=24, out_features=classes),
        )

    def forward(self, x):
        x = self.look(x)
        x = torch.flatten(x, 1)
        scores = self.decide(x)
        return scores


def learn(net, batches, device='cpu', epochs=5):
    net.to(device).train()
    loss_of = nn.CrossEntropyLoss()
    steps = optim.SGD(net.parameters(), lr=RATE, momentum=0.9)
    for epoch in range(epochs):
        total, right = 0, 0
        for pictures, labels in batches:
            pictures, labels = pictures.to(device), labels.to(device)
            scores = net(pictures)
            loss = loss_of(scores, labels)
            steps.zero_grad()
            loss.backward()
            steps.step()
            right += (scores.argmax(1) == labels).sum().item()
            total += labels.numel()
        print(f'{epoch}:\t{100 * right / total:.1f} %')


if __name__ == '__main__':
    torch.manual_seed(7)
    learn(Net(), [])
