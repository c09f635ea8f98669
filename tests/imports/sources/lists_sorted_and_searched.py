# assumed
from torch import nn

CFG = [4, "M", 8, "M", 6, 6]
BRANCHES = {"wide": 8, "narrow": 4, "middle": 6}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        n_pools = CFG.count("M")
        cut = CFG.index("M")
        widths = sorted((c for c in CFG if c != "M"), reverse=True)  # 8 6 6 4
        unique = sorted(set(widths))
        widest = max(BRANCHES, key=BRANCHES.get)
        by_width = sorted(BRANCHES.items(), key=lambda item: item[1])
        order = [name for name, _ in by_width]
        order.remove("middle")
        least = min([len(name) for name in order], default=3)
        self.first = nn.Conv2d(1, CFG[:cut][0], 3)
        self.second = nn.Conv2d(CFG[0], BRANCHES[widest], n_pools + 1)
        self.third = nn.Conv2d(widths[0], unique[1], least - 1)
        self.fourth = nn.Conv2d(unique[1], BRANCHES[order[0]], 1)

    def forward(self, x):
        return self.fourth(self.third(self.second(self.first(x))))
