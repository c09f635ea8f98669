"""PyTorch code as people write it: what is read of each file is what the executed module computes.

Each file of sources/ is executed here, and only here. Its first lines may say which network is meant
("# network: ResNet"), which images it takes ("# image: 3,32,32"), values for names that have none
("# value: width=16"), that its image is assumed ("# assumed"), or what a note must hold
("# note: …").
"""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from explorer.imports.opening import Asked, Opened, open_text, value_of
from explorer.network.build import build
from explorer.network.spec import walk_layers

FOLDER = Path(__file__).parent / "sources"
SOURCES = {path.stem: path for path in sorted(FOLDER.glob("*.py"))}


def said(text: str, what: str) -> list[str]:
    """What the first lines of a file say under a word."""
    return re.findall(rf"^# {what}(?:: (.*))?$", text, re.MULTILINE)


def asked_for(text: str) -> Asked:
    values = (each.split("=", 1) for each in said(text, "value"))
    return Asked(
        network=next(iter(said(text, "network")), None),
        values=tuple((name, value) for name, value in values),
    )


def executed(text: str) -> nn.Module:
    """The network of a file of ours, made by executing it."""
    names: dict[str, Any] = {"__name__": "pasted"}
    given = {name: value_of(value) for name, value in asked_for(text).values}
    names |= given
    exec(compile(text, "source", "exec"), names)
    network = next(iter(said(text, "network")), "Net")
    found = names[network]
    made = found if isinstance(found, nn.Module) else found(**given)
    assert isinstance(made, nn.Module)
    return made.eval()


def leaves_in_order(module: nn.Module, image: torch.Tensor) -> tuple[list[nn.Module], Any]:
    """The modules with weights or statistics in the order in which they run, and the output."""
    order: list[nn.Module] = []
    hooks = [
        each.register_forward_hook(lambda module, args, output: order.append(module))
        for each in module.modules()
        if each.state_dict() and not list(each.children())
    ]
    with torch.no_grad():
        output = module(image)
    for hook in hooks:
        hook.remove()
    return order, output


def same_scores(module: nn.Module, opened: Opened) -> None:
    """What was read computes what the module computes, with the module's weights."""
    architecture = opened.architecture
    torch.manual_seed(0)
    image = torch.rand(2, *architecture.input_shape) - 0.4
    # Values of both signs, so that it shows where an activation is missing.
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if tensor.is_floating_point():
            least = 0.5 if name.endswith("running_var") else -0.3
            tensor.data = torch.rand(tensor.shape) * 0.6 + least
    order, output = leaves_in_order(module, image)
    ours = build(architecture).eval()
    paths = ["".join(f"{step}." for step in path) for path, _ in walk_layers(architecture.layers)]
    weighted = [
        each for path in paths if (each := ours.get_submodule(path.rstrip("."))).state_dict()
    ]
    assert len(weighted) == len(order)
    for mine, theirs in zip(weighted, order, strict=True):
        for name, tensor in mine.state_dict().items():
            tensor.copy_(theirs.state_dict()[name].view_as(tensor))
    with torch.no_grad():
        scores = ours(image)
    while not isinstance(output, torch.Tensor):
        output = next(iter(output.values() if isinstance(output, dict) else output))
    torch.testing.assert_close(scores.squeeze(), output.squeeze(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_read_computes_what_the_code_computes(name: str) -> None:
    text = SOURCES[name].read_text(encoding="utf-8")
    opened = open_text(text, asked_for(text))
    assert opened.problem is None
    assert opened.form == "code"
    module = executed(text)
    shape = next(iter(said(text, "image")), "1,28,28")
    assert opened.architecture.input_shape == tuple(map(int, shape.split(",")))
    assert opened.is_image_assumed == bool(said(text, "assumed"))
    for words in said(text, "note"):
        assert any(words in note for note in opened.notes), opened.notes
    same_scores(module, opened)


def test_there_are_fifty() -> None:
    assert len(SOURCES) >= 50
