# image: 3,64,64
import torch
import torch.nn as nn


def double(cin, cout):
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, 1, 1, bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
        nn.Conv2d(cout, cout, 3, 1, 1, bias=False),
        nn.ReLU(inplace=True),
    )


class Net(nn.Module):
    def __init__(self, in_channels=3, out_channels=1, features=[4, 6, 8]):
        super(Net, self).__init__()
        self.ups = nn.ModuleList()
        self.downs = nn.ModuleList()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)

        # Down part
        for feature in features:
            self.downs.append(double(in_channels, feature))
            in_channels = feature

        # Up part
        for feature in reversed(features):
            self.ups.append(nn.ConvTranspose2d(feature * 2, feature, kernel_size=2, stride=2))
            self.ups.append(
                double(
                    feature * 2,
                    feature * 2 if feature == features[0] else self.below(features, feature) * 2,
                )
            )

        self.bottleneck = double(features[-1], features[-1] * 2)
        self.final_conv = nn.Conv2d(features[0] * 2, out_channels, kernel_size=1)

    @staticmethod
    def below(features, feature):
        return max(f for f in features if f < feature)

    def forward(self, x):
        skip_connections = []
        for down in self.downs:
            x = down(x)
            skip_connections.append(x)
            x = self.pool(x)

        x = self.bottleneck(x)
        skip_connections = skip_connections[::-1]

        for idx in range(0, len(self.ups), 2):
            x = self.ups[idx](x)
            skip_connection = skip_connections[idx // 2]

            if x.shape != skip_connection.shape:
                raise RuntimeError("sizes differ")

            concat_skip = torch.cat((skip_connection, x), dim=1)
            x = self.ups[idx + 1](concat_skip)

        return self.final_conv(x)


def test():
    x = torch.randn((3, 1, 161, 161))
    preds = Net()(x)


if __name__ == "__main__":
    dummy = torch.ones((1, 3, 64, 64))
