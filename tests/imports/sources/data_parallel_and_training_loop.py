# network: net
# image: 3,32,32
import os
import time

import torch
import torch.nn as nn
import torch.optim as optim

os.environ.setdefault('OMP_NUM_THREADS', '1')
torch.backends.cudnn.benchmark = True
device = 'cuda' if torch.cuda.is_available() else 'cpu'
best = 0  # percent


class TwoLayers(nn.Module):
    def __init__(self, classes=10):
        super(TwoLayers, self).__init__()
        def layer(a, b): return nn.Sequential(nn.Conv2d(a, b, 5, padding=2), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2))
        self.one = layer(3, 4)
        self.two = layer(4, 8)
        self.scores = nn.Linear(8 * 8 * 8, classes)

    def forward(self, x):
        y = self.two(self.one(x))
        y = y.reshape(y.size(0), -1)
        return self.scores(y)


net = TwoLayers().to(device)
if device == 'cuda':
    net = torch.nn.DataParallel(net)
    net.cuda()
weights = sum(p.numel() for p in net.parameters() if p.requires_grad)
print('{:,} weights'.format(weights))
loss_of = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
schedule = optim.lr_scheduler.StepLR(optimizer, step_size=10)


def learn(epoch, batches):
    global best
    net.train()
    right = count = 0
    for i, (x, y) in enumerate(batches):
        x, y = x.to(device), y.to(device)
        optimizer.zero_grad()
        scores = net(x)
        loss_of(scores, y).backward()
        optimizer.step()
        _, guess = scores.max(1)
        count += y.size(0)
        right += guess.eq(y).sum().item()
    if count and 100. * right / count > best:
        best = 100. * right / count
        torch.save(net.state_dict(), 'best.pt')


if __name__ == '__main__':
    began = time.time()
    for epoch in range(40):
        learn(epoch, [])
        schedule.step()
    print(time.time() - began, 's')
