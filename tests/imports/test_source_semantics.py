"""Python as it is: what code computes before it makes a layer is what Python computes, or is said not
to be known, so that no other network is read in silence.
"""

import ast
import copy
import textwrap
from typing import Any

import pytest
from torch import nn

from explorer.imports.opening import OpenError, open_text
from explorer.network.spec import Conv2d

# Statements after which `w` is a number of channels.
COMPUTED = {
    "a list that is sorted": "w = [16, 4]\nw.sort()\nw = w[0]",
    "lambdas of a comprehension": "f = [lambda: w for w in (8, 16)]\nw = f[0]()",
    "a default that is kept": "def f(a=[]):\n    a.append(3)\n    return len(a)\nf()\nw = f()",
    "a closure": "n = 3\ndef f():\n    return n\nn = 5\nw = f()",
    "while and else": "n = 0\nwhile n < 3:\n    n += 1\nelse:\n    n = 9\nw = n",
    "for and break": "for w in (4, 6, 8):\n    if w > 5:\n        break\nelse:\n    w = 1",
    "for and continue": "w = 1\nfor i in range(6):\n    if i % 2:\n        continue\n    w += i",
    "chained comparisons": "w = 3 if 1 < 2 < 2 else 5",
    "divisions of negative numbers": "w = 20 + -7 // 2 + -7 % 3",
    "a star in an assignment": "a, *b, c = [1, 2, 3, 4]\nw = sum(b) * c",
    "nested assignments": "(a, b), c = (1, 2), 3\nw = a + b * c",
    "several targets": "a = b = [1]\na.append(4)\nw = sum(b)",
    "a dictionary that is merged": "d = {'a': 3, **{'a': 5, 'b': 1}}\nw = d['a'] + d.pop('b')",
    "and and or": "w = (0 or 4) + (2 and 3) + (None or 1)",
    "a walrus": "w = (n := 4) + n",
    "a class attribute": "class A:\n    n = 3\n    m = n + 1\nclass B(A):\n    n = 7\nw = A.m + B().n",
    "a shared class attribute": "class A:\n    l = []\nA().l.append(2)\nw = sum(A().l) + 1",
    "a diamond": (
        "class A:\n    def f(self): return [1]\nclass B(A):\n    def f(self): return [2, *super().f()]\n"
        "class C(A):\n    def f(self): return [3, *super().f()]\nclass D(B, C): pass\n"
        "w = int('%d%d%d' % tuple(D().f())) % 97"
    ),
    "a generator that is used up": "g = (i for i in (1, 2, 3))\nw = next(g) + sum(g) + sum(g)",
    "membership": "w = 3 * (2 in [1, 2]) + 5 * ('a' in {'b': 1}) + 7 * (-1 not in range(9))",
    "equal lists": "w = 3 if [1] * 30 == [1] * 30 else 5",
    "texts": "w = int('x-%02d'.replace('x-', '') % 7) + int(f'{5:03d}') + int('{:>3}'.format(2))",
    "deletion": "l = [4, 5, 6]\ndel l[0]\nw = l[0]",
    "try": "try:\n    w = 4\nexcept ValueError:\n    w = 5\nfinally:\n    w += 1",
    "slices": "w = [1, 2, 3, 4, 5][::-2][1] + (1, 2, 3)[-1] + len('abcd'[1:])",
    "a shallow copy": "a = [[1]]\nb = copy.copy(a)\nb[0].append(6)\nw = sum(a[0])",
    "a deep copy": "a = [[1]]\nb = copy.deepcopy(a)\nb[0].append(6)\nw = sum(a[0]) + 1",
    "rounding": "w = round(2.5) + round(3.5) + int(-1.5) + 10",
}


def network(init: str, forward: str = "return self.conv(x)") -> str:
    return (
        "import copy\nimport torch\nfrom torch import nn\nclass Net(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n"
        + textwrap.indent(init, " " * 8)
        + "\n    def forward(self, x):\n"
        + textwrap.indent(forward, " " * 8)
    )


@pytest.mark.parametrize("name", COMPUTED)
def test_what_is_computed_is_what_python_computes(name: str) -> None:
    statements = COMPUTED[name]
    names: dict[str, Any] = {"copy": copy}
    exec(statements, names)
    opened = open_text(network(f"{statements}\nself.conv = nn.Conv2d(1, w, 3)"))
    (layer,) = opened.architecture.layers
    assert isinstance(layer, Conv2d)
    assert layer.out_channels == int(names["w"])


# Statements of __init__ after which it is not known what is made, and words of what is said.
NOT_KNOWN = {
    "a mapping of another file": (
        "from a import O\nself.conv = nn.Conv2d(1, 8, 3, **O)",
        "O stands in",
    ),
    "a condition of another module": (
        "import cfg\nself.conv = nn.Conv2d(1, 8 if cfg.big else 4, 3)",
        "cfg is a module of its own",
    ),
    "a key that is not known": (
        "self.conv = {1: nn.Conv2d(1, 8, 3)}.get(K, nn.Identity())",
        "K has no value",
    ),
    "an attribute of what is not known": (
        "from a import cfg\nself.conv = nn.Conv2d(1, getattr(cfg, 'width', 4), 3)",
        "cfg stands in another file",
    ),
    "a method of a list": (
        "l = [1, 2]\nl.__setitem__(0, 3)\nself.conv = nn.Conv2d(1, l[0], 3)",
        "__setitem__ of a list or dictionary",
    ),
    "weights of another layer": (
        "self.a = nn.Conv2d(1, 1, 3)\nself.conv = nn.Conv2d(1, 1, 3)\nself.conv.weight = self.a.weight",
        "given the same weights",
    ),
    "a division by a map": ("self.conv = lambda x: 1 / x.relu()", "a number is changed by a map"),
    "an output size": (
        "c = nn.ConvTranspose2d(1, 2, 3, 2)\nself.conv = lambda x: c(x, output_size=(9, 9))",
        "given more than a map",
    ),
    "the number of images": (
        "self.conv = lambda x: x.relu() if x.size(0) == 1 else x.tanh()",
        "the number of images in a batch",
    ),
    "values spread over a map": (
        "c = nn.Conv2d(1, 1, 3)\nself.conv = lambda x: c(x.mean((2, 3), keepdim=True).expand_as(x))",
        "expand repeats a value",
    ),
}


@pytest.mark.parametrize("name", NOT_KNOWN)
def test_what_is_not_known_is_said_and_not_passed_over(name: str) -> None:
    init, words = NOT_KNOWN[name]
    ast.parse(init)
    try:
        opened = open_text(network(init))
    except OpenError as error:
        said = str(error)
    else:
        assert opened.problem is not None
        said = opened.problem.message
    assert words in said


def test_what_a_failed_statement_assigns_is_not_known_below_it() -> None:
    text = network(
        "self.conv = nn.Conv2d(1, 8, 3)\nself.fc = nn.ReLU()", "return self.fc(self.conv(x))"
    )
    changed = f"{text}\nfrom a import LAYERS\nmodel = Net()\nmodel.fc = nn.Sequential(*LAYERS)\n"
    opened = open_text(changed)
    assert opened.problem is not None
    assert "LAYERS stands in another file" in opened.problem.message
    assert [layer.kind for layer in opened.architecture.layers] == ["Conv2d"]


def test_containers_are_numbered_as_torch_numbers_them() -> None:
    init = (
        "self.conv = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())\n"
        "del self.conv[0]\nself.conv.append(nn.GELU())"
    )
    kinds = [layer.kind for layer in open_text(network(init)).architecture.layers]
    made = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.Sigmoid())
    del made[0]
    made.append(nn.GELU())
    assert kinds == [type(each).__name__ for each in made] == ["Tanh", "Sigmoid", "GELU"]
