"""What print(model) prints: its grammar, and what is completed and said to be a guess."""

from collections.abc import Callable

import pytest
from torch import nn

from explorer.imports.opening import Asked, OpenError, open_text
from explorer.network.analysis import analyze
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Branches,
    Conv2d,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
)
from explorer.presets import load_presets
from tests.imports.round_trips import as_printed, printed

PRESETS = {name: preset for name, preset in load_presets().items() if preset.architecture.layers}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_comes_back_of_its_print(name):
    architecture = PRESETS[name].architecture
    opened = printed(architecture)
    assert opened.form == "repr"
    assert opened.problem is None
    assert as_printed(opened.architecture.layers) == as_printed(architecture.layers)


class LeNet(nn.Module):
    """Its forward uses relu and pool after each convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 10)
        self.loss = nn.CrossEntropyLoss()


def test_what_forward_does_without_a_module_is_completed_and_said_to_be_a_guess():
    opened = open_text(f">>> print(net)\n{LeNet()!r}\n>>> ")
    kinds = [layer.kind for layer in opened.architecture.layers]
    convolution = ["Conv2d", "ReLU", "MaxPool2d"]
    assert kinds == [*convolution, *convolution, "Flatten", "Linear", "ReLU", "Linear"]
    assert opened.architecture.input_shape == (1, 28, 28)
    assert analyze(opened.architecture).problem is None
    guesses = [note for note in opened.notes if note.endswith("which is a guess")]
    assert len(guesses) == 2
    assert "LeNet prints no activation; ReLU follows its layers" in guesses[0]
    assert "MaxPool2d follows each convolution" in guesses[1]
    assert any("in the order in which they were made" in note for note in opened.notes)


class Residual(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1)
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride))


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.layer1 = nn.ModuleList([Residual(8, 8, 1), Residual(8, 8, 1), Residual(8, 8, 1)])
        self.layer2 = nn.Sequential(Residual(8, 16, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(16, 10)


def test_a_block_that_is_called_residual_adds_its_skip():
    text = repr(ResNet())
    assert "(0-2): 3 x Residual(" in text
    opened = open_text(text)
    blocks = [node for node in opened.architecture.layers if isinstance(node, Branches)]
    assert [block.merge for block in blocks] == ["add"] * 4
    assert [block.name for block in blocks] == ["layer1.0", "layer1.1", "layer1.2", "layer2.0"]
    assert [len(block.branches[1]) for block in blocks] == [0, 0, 0, 1]
    assert [layer.kind for layer in blocks[0].branches[0]] == ["Conv2d", "ReLU", "Conv2d"]
    assert analyze(opened.architecture).problem is None
    total = sum(parameter.numel() for parameter in ResNet().parameters())
    assert analyze(opened.architecture).total_params == total
    assert sum("Residual adds its" in note for note in opened.notes) == 2


def test_a_mean_over_each_map_is_completed_where_the_numbers_ask_for_it():
    layers = [nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Linear(8, 10)]
    opened = open_text(repr(nn.Sequential(*layers)))
    assert opened.architecture.layers == (
        Conv2d(out_channels=8, kernel_size=3),
        ReLU(),
        AdaptiveAvgPool2d(output_size=1),
        Flatten(),
        Linear(out_features=10),
    )
    assert any(
        "takes one value of each map, their mean, which is a guess" in n for n in opened.notes
    )


QUOTED = "Net(\n  (a): Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1))\n  (b): MaxPool2d(kernel_size=2)\n)"


@pytest.mark.parametrize("before", ["", "> ", "# ", "    "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_is_read_however_it_is_quoted(before, end):
    text = end.join(before + line for line in QUOTED.splitlines())
    opened = open_text(f"Here is my network:{end}{text}{end}Why?")
    assert opened.architecture.layers == (
        Conv2d(out_channels=4, kernel_size=3),
        MaxPool2d(kernel_size=2),
    )


REFUSED = {
    "Net(\n  (a): LSTM(8, 8)\n)": "line 2: LSTM is none of the layers here",
    "Net(\n  (a): Conv2d(1, 2, kernel_size=(3, 3)\n)": "not copied|none|cannot be read|prints no",
    "Net(\n  (a): Conv2d(1, x.y, kernel_size=3)\n)": "line 2: the arguments of Conv2d cannot be read",
    "Net(\n  (a): Conv2d(1, 0, kernel_size=3)\n)": "line 2: Conv2d: out_channels must be",
    "Net(\n  (a): ReLU()\n  (b): Block(\n    (0): ReLU()": "its last “\\)” was not copied",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_read_is_said_with_its_line(text):
    with pytest.raises(OpenError, match=REFUSED[text]):
        open_text(text)


def test_what_stands_before_a_layer_that_is_none_of_ours_is_kept():
    opened = open_text("Net(\n  (a): Conv2d(1, 4, kernel_size=(3, 3))\n  (b): LSTM(8, 8)\n)")
    assert opened.architecture.layers == (Conv2d(out_channels=4, kernel_size=3),)
    assert opened.problem is not None
    assert opened.problem.place == "line 3"


def test_the_images_may_be_said():
    opened = open_text(QUOTED, Asked(image=(1, 64, 48)))
    assert opened.architecture.input_shape == (1, 64, 48)
    assert not opened.is_image_assumed
    assert open_text(QUOTED).is_image_assumed


OTHER_NAMES: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "SyncBatchNorm": (lambda: nn.SyncBatchNorm(4), "BatchNorm2d"),
    "UpsamplingNearest2d": (lambda: nn.UpsamplingNearest2d(scale_factor=2), "Upsample"),
    "Softmax2d": (nn.Softmax2d, "Softmax"),
    "LazyConv2d": (lambda: nn.LazyConv2d(3, 3), "Conv2d"),
}


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_names_of_layers_are_read(name: str) -> None:
    """Those of the layers themselves are read of drawn networks, in tests/test_drawn_networks.py."""
    make, kind = OTHER_NAMES[name]
    opened = open_text(repr(nn.Sequential(nn.Conv2d(1, 4, 3), make())))
    assert [layer.kind for layer in opened.architecture.layers] == ["Conv2d", kind]
