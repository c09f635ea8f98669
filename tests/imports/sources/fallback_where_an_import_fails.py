# assumed
import torch
import torch.nn as nn

try:
    from course_utils.layers import ConvBlock
except ImportError:
    # outside of the lab's machines
    class ConvBlock(nn.Module):
        def __init__(self, cin, cout):
            super().__init__()
            self.conv = nn.Conv2d(cin, cout, 3, padding=1)
            self.act = nn.LeakyReLU(0.1, True)

        def forward(self, x):
            return self.act(self.conv(x))


try:
    from course_utils.settings import WIDTH
except (ImportError, ModuleNotFoundError) as e:
    WIDTH = 6
    print("no settings:", e)


class Net(nn.Module):
    def __init__(self, width=WIDTH):
        super().__init__()
        self.blocks = nn.Sequential(ConvBlock(1, width), ConvBlock(width, width))

    def forward(self, x):
        return self.blocks(x)
