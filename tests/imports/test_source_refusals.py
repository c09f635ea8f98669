"""What the reader of code cannot take: a sentence with the line and the construct, and what was read
up to there; soon and in little memory whatever is pasted, and nothing of it executed.
"""

import re
import subprocess
import sys
import textwrap
from contextlib import suppress

import pytest

from explorer.imports.opening import Asked, OpenError, open_text
from explorer.network.analysis import analyze
from tests.cpu import least_seconds
from tests.fuzz.watch import forget_peak, peak_memory

HEAD = "import torch\nimport torch.nn as nn\nimport torch.nn.functional as F\n"


def net(forward: str, init: str = "pass") -> str:
    """A class whose first line is line 4 of the text; `forward` begins at line 10, and what is done
    at the end of `__init__` stands below it.
    """
    layers = textwrap.indent(textwrap.dedent(init), " " * 8)
    body = textwrap.indent(textwrap.dedent(forward), " " * 8)
    return (
        f"{HEAD}class Net(nn.Module):\n    def __init__(self):\n"
        "        super().__init__(); self.more()\n        self.conv = nn.Conv2d(1, 8, 3)\n"
        f"        self.fc = nn.Linear(8 * 26 * 26, 10)\n    def forward(self, x):\n{body}\n"
        f"    def more(self):\n{layers}\n"
    )


# --- what stands where ----------------------------------------------------------------------------

# forward's lines, which begin at line 10: (line, words of the sentence, layers that were read)
REFUSED = {
    "a part of the channels": ("x = self.conv(x)\nreturn x[:, :4]", 11, "takes a part of", 1),
    "channels apart": ("return self.conv(x).chunk(2, 1)", 10, ".chunk() of a map", 1),
    "a number times the map": ("return self.conv(x) * 0.2", 10, "“* 0.2” changes every value", 1),
    "a difference": ("x = self.conv(x)\nreturn x - F.relu(x)", 11, "come together by “−”", 2),
    "a parameter": ("return self.conv(x) * nn.Parameter(y)", 10, "nn.Parameter", 1),
    "a function of torch": ("return torch.fft.fft2(self.conv(x))", 10, "torch.fft.fft2 is no", 1),
    "exchanged dimensions": (
        "return self.conv(x).permute(0, 2, 3, 1)",
        10,
        "it exchanges dimensions",
        1,
    ),
    "rows beside each other": (
        "x = self.conv(x)\nreturn torch.cat([x, x], dim=2)",
        11,
        "torch.cat over dimension 2",
        1,
    ),
    "images beside each other": ("return torch.cat([x, x])", 10, "joins images of a batch", 0),
    "weights twice": (
        "x = self.conv(x)\nx = F.max_pool2d(x, 2)\nreturn self.conv(x)",
        12,
        "self.conv runs a second time with the same weights",
        2,
    ),
    "what no one made": (
        "return self.head(self.conv(x))",
        10,
        "Net has no attribute head: nothing sets self.head",
        1,
    ),
    "a name without a value": (
        "x = self.conv(x)\nreturn nn.Linear(width, 10)(x.flatten(1))",
        11,
        "width has no value in this code",
        1,
    ),
    "values decide": (
        "x = self.conv(x)\nif x.mean(dim=(2, 3)) > 0:\n    x = F.relu(x)\nreturn x",
        11,
        "depends on the values of the image",
        1,
    ),
    "values decide by hand": (
        "x = self.conv(x)\nwhile x:\n    x = F.relu(x)\nreturn x",
        11,
        "depends on the values of the image",
        1,
    ),
    "another layout": (
        "x = self.conv(x)\nreturn x.view(x.size(0), 4, -1)",
        11,
        "view(…, 4, -1) puts values into other rows",
        1,
    ),
    "a generator": ("yield self.conv(x)", 9, "a function with yield is not followed", 0),
    "match": ("match 3:\n    case _:\n        return x", 10, "the statement match", 0),
    "await": ("return await self.conv(x)", 10, "await is not followed", 0),
    "an error of its own": (
        "x = self.conv(x)\nraise ValueError('wrong size')",
        11,
        "raises an error here: “wrong size”",
        1,
    ),
    "values replaced": ("x = self.conv(x)\nx[:, 0] = 0\nreturn x", 11, "values of a map are", 1),
    "nothing": ("self.conv(x)", 9, "forward returns no tensor", 1),
    "the mean over channels": (
        "x = self.conv(x)\nreturn x.mean(1, keepdim=True)",
        11,
        "the mean over the channels",
        1,
    ),
    "two ways that cross": (
        "a = self.conv(x)\nb = nn.Conv2d(8, 8, 1)(a)\nc = nn.Conv2d(8, 8, 1)(b)\n"
        "d = nn.Conv2d(8, 8, 1)(a + c)\nreturn b + d",
        11,
        "goes two ways",
        1,
    ),
    "half a dropout": ("return F.alpha_dropout(x)", 10, "torch.nn.functional.alpha_dropout", 0),
    "an unknown layer": ("return nn.LSTM(8, 8)(self.conv(x))", 10, "nn.LSTM is none of", 1),
    "a wrong argument": (
        "return nn.Conv2d(1, 8, 3, padding=-1)(x)",
        10,
        "Conv2d: padding must be a whole number",
        0,
    ),
    "too many arguments": ("return self.forward(x, 2)", 10, "forward takes", 0),
    "eval": ("return eval('self.conv')(x)", 10, "nothing that is pasted is executed", 0),
    "a loop over what": ("for each in self.stuff:\n    x = each(x)\nreturn x", 10, "stuff", 0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_is_said_with_its_line(name: str) -> None:
    forward, line, words, layers = REFUSED[name]
    if layers == 0:
        with pytest.raises(OpenError, match=re.escape(words)) as refused:
            open_text(net(forward))
        assert str(refused.value).startswith(f"line {line}: ")
        return
    opened = open_text(net(forward))
    assert opened.problem is not None
    assert opened.problem.place == f"line {line}"
    assert words in opened.problem.message
    assert len(opened.architecture.layers) == layers
    assert opened.architecture.layers[0].kind == "Conv2d"


NO_NETWORK = {
    "import torch\nx = torch.zeros(3)\n": "the code has no network",
    "class Net(nn.Module):\n    pass\n": "the code has no network",
    "class Net(nn.Module):\n    def forward(self, x)\n        return x\n": "line 2: this is not Python",
    "import torch\nclass Net(nn.Module:\n    pass\n": "line 2: this is not Python: invalid syntax",
    "x = nn.Conv2d(1, 2, 3)(" + "(" * 500: "nested too deep|not Python|too many",
}


@pytest.mark.parametrize("text", NO_NETWORK, ids=lambda text: text[:40])
def test_code_without_a_network_is_said_to_have_none(text: str) -> None:
    with pytest.raises(OpenError, match=NO_NETWORK[text]):
        open_text(text)


def test_an_argument_without_a_value_is_asked_for() -> None:
    text = net("return self.conv(x)").replace("nn.Conv2d(1, 8, 3)", "nn.Conv2d(1, width, 3)")
    text = text.replace("def __init__(self)", "def __init__(self, width)")
    with pytest.raises(OpenError, match="line 4: Net needs a value for width") as refused:
        open_text(text)
    assert refused.value.missing == "width"
    opened = open_text(text, Asked(values=(("width", "12"),)))
    assert opened.problem is None
    assert analyze(opened.architecture).total_params == 120


def test_a_name_of_another_file_is_said_to_be_one() -> None:
    text = f"from .blocks import Block\n{net('return self.conv(x)')}".replace(
        "nn.Conv2d(1, 8, 3)", "Block(1, 8)"
    )
    with pytest.raises(
        OpenError, match=r"Block stands in another file, \.blocks: paste that one, too"
    ):
        open_text(text)


# --- the code's own numbers -----------------------------------------------------------------------

WRONG_CHANNELS = f"""{HEAD}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3)
        self.bn1 = nn.BatchNorm2d(16)
    def forward(self, x):
        return self.bn1(self.conv1(x))
"""
WRONG_FEATURES = f"""{HEAD}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(256, 120)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc1(x.view(x.size(0), -1))
"""


def test_channels_that_do_not_agree_are_shown_on_their_row() -> None:
    opened = open_text(WRONG_CHANNELS)
    problem = analyze(opened.architecture).problem
    assert problem is not None
    assert problem.message == "it is said to take 16 channels (num_features) and gets 8"
    assert opened.places[problem.index] == "line 9"


@pytest.mark.parametrize(
    "said",
    [
        "RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x400 and 256x120)",
        "size mismatch, m1: [64 x 400], m2: [256 x 120] at …",
        "images, labels = next(iter(DataLoader(datasets.MNIST('data'))))",
        "y = Net()(torch.randn(1, 1, 28, 28))",
    ],
)
def test_features_that_do_not_agree_are_shown_where_the_images_are_known(said: str) -> None:
    opened = open_text(f"{WRONG_FEATURES}\n{said}\n")
    assert opened.architecture.input_shape == (1, 28, 28)
    problem = analyze(opened.architecture).problem
    assert problem is not None
    assert problem.message == "it is said to take 256 values (in_features) and gets 400"
    assert opened.places[problem.index] == "line 10"
    fixed = analyze(problem.fix) if problem.fix else None
    assert fixed is not None
    assert fixed.problem is None
    assert fixed.total_params == 156 + 2416 + 400 * 120 + 120


def test_without_them_the_code_decides_how_large_the_images_are() -> None:
    opened = open_text(WRONG_FEATURES)
    assert opened.architecture.input_shape == (1, 24, 24)
    assert not opened.is_image_assumed
    assert "images of 1×24×24, by what the Linear of line 10 asks for" in opened.notes


def test_an_error_of_channels_tells_which_images_came_in() -> None:
    said = (
        "RuntimeError: Given groups=1, weight of size [8, 3, 3, 3], expected input[64, 1, 28, 28] "
        "to have 3 channels, but got 1 channels instead"
    )
    text = net("return self.conv(x)").replace("nn.Conv2d(1, 8, 3)", "nn.Conv2d(3, 8, 3)")
    opened = open_text(f"{text}\n{said}")
    assert opened.architecture.input_shape == (1, 28, 28)
    problem = analyze(opened.architecture).problem
    assert problem is not None
    assert "said to take 3 channels (in_channels) and gets 1" in problem.message


# --- bounds ---------------------------------------------------------------------------------------

HUGE = {
    "a huge range": net("for i in range(10**9):\n    x = self.conv(x)\nreturn x"),
    "a list of a huge range": net("y = list(range(10**9))\nreturn self.conv(x)"),
    "a huge number": net("return nn.Conv2d(1, 9**9**9, 3)(x)"),
    "a huge shift": net("return nn.Conv2d(1, 1 << 10**9, 3)(x)"),
    "a huge text": net("y = 'a' * 10**10\nreturn self.conv(x)"),
    "a huge list": net("y = [0] * 10**10\nreturn self.conv(x)"),
    "doubled lists": net("y = [0]\nfor i in range(64):\n    y = y + y\nreturn self.conv(x)"),
    "doubled texts": net("y = 'a'\nfor i in range(64):\n    y = y + y\nreturn self.conv(x)"),
    "doubled tuples": net(
        "y = (0,)\nfor i in range(64):\n    y = (y, y)\nz = y == (y, y)\nreturn x"
    ),
    "a key of doubled tuples": net("y = (0,)\nfor i in range(64):\n    y = (y, y)\nz = {y: 1}"),
    "a width of a format": net("y = '%1000000000d' % 1 + '{:>1000000000}'.format(1)\nreturn x"),
    "replaced texts": net(
        "y = 'a' * 9999\nfor i in range(9):\n    y = y.replace('a', y)\nreturn x"
    ),
    "endless": net("while True:\n    pass"),
    "endless recursion": net("return self.forward(x)"),
    "endless mutual recursion": net("return self.a(x)").replace(
        "    def more",
        "    def a(self, x):\n        return self.b(x)\n    def b(self, x):\n"
        "        return self.a(x)\n    def more",
    ),
    "copies of copies": net(
        "m = nn.Sequential(nn.ReLU())\nfor i in range(40):\n    m = nn.Sequential(m, m)\nreturn m(x)"
    ),
    "sums of sums": net("for i in range(2000):\n    x = x + F.relu(x)\nreturn x"),
    "sums with the image": net("y = x\nfor i in range(3000):\n    y = F.relu(y) + x\nreturn y"),
    "joins that grow": net(
        "y = [x]\nfor i in range(900):\n    y.append(nn.Conv2d(1, 1, 1)(torch.cat(y, 1)))\n"
        "return torch.cat(y, 1)"
    ),
    "a thousand different convolutions": net(
        "for i in range(1, 990):\n    x = nn.Conv2d(i, i + 1, 1)(x)\nreturn x"
    ),
    "parentheses": HEAD + "y = " + "(" * 90 + "1" + ")" * 90 + "\nclass Net(nn.Module): pass",
    "a long sum": HEAD + "y = " + "1+" * 60_000 + "1\nclass Net(nn.Module): pass",
    "a long list": HEAD + "y = [" + "1," * 90_000 + "]\nclass Net(nn.Module): pass",
    "many classes": HEAD + "".join(f"class A{i}(nn.Module): pass\n" for i in range(6000)),
    "a long text": HEAD + "x = 1\n" * 80_000,
    "deep inheritance": HEAD
    + "class A0(nn.Module):\n    pass\n"
    + "".join(f"class A{i + 1}(A{i}):\n    pass\n" for i in range(1500)),
    "deep attributes": net("return x" + ".data" * 5000),
    "a lambda of lambdas": net("return (" + "lambda: " * 90 + "x)" + "()" * 90),
    "nested functions": net("def f(n):\n    return f(n + 1)\nreturn f(0)"),
    "in a huge range": net("return x if -1 in range(10**9) else x"),
    "in long lists": net("y = [0] * 99000\nfor i in range(900):\n    z = 1 in y\nreturn x"),
    "slices of a long list": net("y = [0] * 90000\nz = [y[:] for i in range(19000)]\nreturn x"),
    "many long lists": HEAD + "".join(f"a{i} = [0] * 199000\n" for i in range(900)),
    "many endless classes": HEAD
    + "".join(
        f"class A{i}(nn.Module):\n    def __init__(self):\n        while 1: pass\n"
        "    def forward(self, x): return x\n"
        for i in range(1200)
    ),
    "a list that holds itself": net("return x", "y = []\ny.append(y)\nz = copy.deepcopy(y)"),
    "dims of doubled tuples": net(
        "y = (0,)\nfor i in range(64):\n    y = (y, y)\nreturn torch.cat([x, x], dim=y)"
    ),
    "lines of nothing": HEAD + "f(" + "\n" * 90_000 + " )(\n",
    "a break outside": net("break\nreturn x"),
    "too few values": net("y = '%d %d' % 3 + '{} {}'.format(1)\nreturn x"),
    "a tensor of its own": net("return self.conv(x) + self.m", "self.m = torch.zeros(1, 8, 9, 9)"),
    "tensors kept": net("self.f.append(x)\nreturn torch.cat([*self.f, x], 1)", "self.f = []"),
    "copies of copies in a print": "A(\n  (0-99): 100 x B(\n    (0-99): 100 x C(\n      (0): ReLU()\n"
    "    )\n  )\n)",
    "a sum of prints": "Net(\n  (a): Linear(1) + Linear(2)\n)",
    "an odd key in a print": "Net(\n  (a): Conv2d({[]: 1})\n)",
    "comprehensions": net(
        "y = [a for a in range(999) for b in range(999) for c in range(999)]\nreturn x"
    ),
    "a print of a thousand modules": "Net(\n"
    + "".join(f"  (c{i}): Conv2d({i + 1}, {i + 2}, kernel_size=(1, 1))\n" for i in range(990))
    + ")",
    "a print of prints": "A(\n" * 5000,
    "a print of copies": "Net(\n  (0-999): 1000 x Sequential(\n    (0): ReLU()\n  )\n)",
}


@pytest.mark.parametrize("name", HUGE)
def test_whatever_is_pasted_is_answered_in_a_second_and_100_megabytes(name: str) -> None:
    open_text(net("return self.conv(x)"))  # torch's parts are there
    text = HUGE[name]

    def read() -> None:
        with suppress(OpenError):
            open_text(text)

    before = forget_peak()
    read()
    assert peak_memory() - before < 100
    assert least_seconds(read, 1, forget_what_was_opened) < 1


def forget_what_was_opened() -> None:
    from explorer.imports import opening
    from tests.cpu import forget_networks

    opening._open_read.cache_clear()
    forget_networks()


# --- nothing is executed --------------------------------------------------------------------------

WATCHED = """
import sys
from explorer.imports.opening import OpenError, open_text
from explorer.network.analysis import analyze

texts = {texts!r}
GOOD = {good!r}
analyze(open_text(GOOD).architecture)  # whatever is imported at the first use is there now
seen = []
def watch(event, arguments):
    if event.split(".")[0] in {{"exec", "import", "open", "os", "subprocess", "socket", "shutil",
                                "ctypes", "marshal", "pickle", "builtins", "code", "cpython"}}:
        # id() tells objects apart; Python's parser looks for the line of a syntax error in a file.
        if event != "builtins.id" and str(arguments)[:12] != "('<unknown>'":
            seen.append((event, str(arguments)[:200]))
sys.addaudithook(watch)
for text in texts:
    try:
        open_text(text)
    except OpenError:
        pass
found = list(seen)
exec("x = 1")
assert len(seen) > len(found), "the hook sees what is executed"
print(found)
"""
MALICE = [
    "__import__('os').system('touch /tmp/executed')",
    "import os, subprocess, pickle, socket, ctypes",
    "eval('1'); exec('import os'); compile('1', 'a', 'eval'); open('/etc/passwd').read()",
    "torch.load('x.pt'); pickle.loads(b'x'); importlib.import_module('this')",
    "().__class__.__bases__[0].__subclasses__()",
    "'{0.__class__.__init__.__globals__}'.format(nn.ReLU())",
    "f'{x.__class__.__mro__}'; '%s' % x; getattr(x, '__globals__')",
    "class A(os.PathLike, metaclass=type('M', (type,), {})): x = print('executed')",
    "@os.system\ndef f(): pass",
    "def f(x=os.system('id')): pass",
    "[os.system('id') for _ in range(3)]; (lambda: os.system('id'))()",
    "import torch.utils.model_zoo as z; z.load_url('http://example.org')",
    "assert os.system('id'); del os; global os",
    "with open('x', 'w') as f: f.write('x')",
    "try:\n    raise SystemExit\nfinally:\n    exit()",
    "sys.exit(3); quit(); breakpoint(); input()",
]


def test_nothing_that_is_pasted_is_executed_or_imported() -> None:
    good = net("return self.conv(x)")
    texts = [good]
    for line in MALICE:
        indented = textwrap.indent(line, " " * 8)
        texts += [
            f"{HEAD}{line}\n{good}",
            good.replace(
                "        super().__init__()\n", f"        super().__init__()\n{indented}\n"
            ),
            net(f"{line}\nreturn self.conv(x)"),
            f"Net(\n  (0): Conv2d({line.splitlines()[0]})\n)",
        ]
    script = WATCHED.format(texts=texts, good=good)
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert found.returncode == 0, found.stderr[-2000:]
    assert found.stdout.strip() == "[]"
