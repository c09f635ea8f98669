"""What a text is in which no table could be read: other programs' tables, and code.

Each is named, with what would do.
"""

import re
from collections.abc import Callable

_PRINT_INSTEAD = "paste the model’s PyTorch code, or print it with torchsummary or torchinfo"
_READ = "PyTorch code and tables of torchsummary and torchinfo are read"
_ELSEWHERE = (
    "which Open… and the command import read; import-summary reads tables of torchsummary and "
    "torchinfo alone"
)
_NO_SHAPES = f"which has no output shapes; {_PRINT_INSTEAD}"

_Finder = Callable[[str], re.Match[str] | None]


def _first(*patterns: str) -> _Finder:
    """Finds the first of these patterns that a text has."""
    compiled = [re.compile(pattern, re.MULTILINE) for pattern in patterns]
    return lambda text: next(
        (found for pattern in compiled if (found := pattern.search(text))), None
    )


# The surest first: a notebook may hold code beside another program's table.
# What a line is indented by is [^\S\n] and not \s, which would go on into the lines after it: from
# each empty line of a long text anew.
_FORMS: tuple[tuple[_Finder, str], ...] = (
    (
        _first(
            r"\(\s?\w{1,60}\s?\)?\s{1,80}[│|]?\s{0,80}\[?\(\s{0,3}(?:None|\d{1,6})\s{0,3},",
            r'^[^\S\n]{0,40}Model: "[^"\n]{0,80}"$',
            r"^[^\S\n]{0,9}\w{1,60} \([A-Z]\w{1,60}\)\s{1,80}multiple\s{1,80}\d",
            r"^[│|]\s{1,9}\w{1,60}\s{1,9}\(\w{1,60}\)?\s{0,80}[│|]",
        ),
        f"this is a Keras table, and its layers are not torch's; {_READ}",
    ),
    (
        _first(r'"class_name":\s{0,9}"(?:Sequential|Functional|Model)"', r'"module":\s{0,9}"keras'),
        f"this is a Keras model as JSON; {_READ}",
    ),
    (
        _first(
            r"\b(?:tf\.)?keras\.(?:layers|models|Sequential|Input)\b",
            r"\b(?:Conv2D|MaxPooling2D)\(",
        ),
        f"this is Keras code, and its layers are not torch's; {_READ}",
    ),
    (
        _first(
            r"\bmap size\b.{0,80}\bjump\b",
            r"\bjump\b.{0,80}\b(?:field_size|receptive_field|start)\b",
            r"\bfield_size\b",
        ),
        "these are receptive-field columns (size, jump, start), which tell of no layer; "
        f"{_PRINT_INSTEAD}",
    ),
    (
        _first(r"[|┃│]\s{0,9}Name\s{1,40}[|┃│]\s{0,9}Type\s{1,40}[|┃│]\s{0,9}Params\b"),
        f"this is Lightning's model summary, {_NO_SHAPES}",
    ),
    (
        _first(r"\bLayer\s{2,40}Type\s{2,40}Output Shape\s{2,40}Param #"),
        f"this is torchscan's table, which is not read; {_PRINT_INSTEAD}",
    ),
    (
        _first(
            r"\b\w{1,60}\.(?:weight|bias)[\"',)\s:]{1,9}(?:torch\.Size\(|tensor\(|\[\d)",
            r"\bOrderedDict\(\[?\(",
        ),
        f"these are the weights of a model (its state_dict), {_NO_SHAPES}",
    ),
    (
        _first(r'"layers":\s{0,9}\[\s{0,40}\{\s{0,40}"kind"'),
        "this is a network's JSON and no table; open it as it is, "
        "or read it with the command analyze",
    ),
    (
        _first(
            r"\(\w{1,60}\): \w{1,60}\(",
            r"^[^\S\n]{0,40}(?:Conv2d|Linear)\(.{0,80}(?:kernel_size|out_features)=",
        ),
        f"this looks like print(model), {_ELSEWHERE}",
    ),
    (
        _first(r"^[^\S\n]{0,40}[\"']?class \w{1,80}\(.{0,80}\bModule\)", r"\bnn\.Module\b"),
        f"this is PyTorch code, {_ELSEWHERE}",
    ),
    (
        _first(
            r"\bSequential\(",
            r"\bnn\.[A-Z]\w{1,40}\(",
            r"^[^\S\n]{0,40}(?:import torch|from torch)\b",
            r"\bdef forward\(",
            r"= Conv2d\(",
        ),
        f"this is PyTorch code, {_ELSEWHERE}",
    ),
    (
        _first(
            r"^[^\S\n]{0,40}ir_version:",
            r"\bmlir\b|%\w{1,60} = \"?onnx\.",
            r"\bModelProto\b",
            r"^[^\S\n]{0,40}graph \w{0,80}\s{0,9}\(",
        ),
        f"this is an ONNX graph as text, which is not read; {_PRINT_INSTEAD}",
    ),
)


_QUOTED = re.compile(r"^[ \t]{0,9}>[ \t>]{0,40}", re.MULTILINE)  # as in a mail or a forum


def name_of_form(text: str) -> tuple[str, int] | None:
    """What the text is, as a sentence, and the line where that shows; None where it is nothing
    known.
    """
    text = _QUOTED.sub("", text)
    for find, sentence in _FORMS:
        if found := find(text):
            return sentence, text.count("\n", 0, found.start()) + 1
    return None
