# network: Critic
# image: 3,64,64
import torch
import torch.nn as nn

side, colours, base = 64, 3, 4


def start_values(m):
    kind = m.__class__.__name__
    if kind.find('Conv') >= 0:
        m.weight.data.normal_(0, 0.02)
    elif kind.find('Norm') >= 0:
        m.weight.data.normal_(1, 0.02)
        m.bias.data.fill_(0)


class Critic(nn.Module):
    '''real or fake?'''
    def __init__(self, first=base):
        super(Critic, self).__init__()

        def step(a, b, stride, norm=True):
            yes = [nn.BatchNorm2d(b)] if norm else []
            return [nn.Conv2d(a, b, 4, stride, 1 if stride == 2 else 0, bias=False), *yes, nn.LeakyReLU(0.2, True)]

        layers = step(colours, first, 2, norm=False)      # 32 x 32
        layers += step(first, first * 2, 2)               # 16 x 16
        layers += step(first * 2, first * 2, 4)           # 4 x 4
        layers += [nn.Conv2d(first * 2, 1, 4), nn.Sigmoid()]
        self.judge = nn.Sequential(*layers)

    def forward(self, picture):
        verdict = self.judge(picture)
        return verdict.view(-1, 1).squeeze(1)


if __name__ == '__main__':
    critic = Critic()
    critic.apply(start_values)
    noise = torch.randn(8, colours, side, side)
    print(critic(noise))
