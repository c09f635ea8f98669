"""Which form a text has, what else it could be read as, and what may be said beside it."""

import json

import pytest

from explorer.exports.notebook import notebook_json
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.imports.opening import (
    MAX_PASTED,
    Asked,
    OpenError,
    open_file,
    open_pasted,
    open_text,
    value_of,
)
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_json
from explorer.network.build import build
from explorer.presets import load_presets
from explorer.training.datasets import DATASETS
from tests.imports.round_trips import assert_source_comes_back, without_order

PRESETS = {name: preset for name, preset in load_presets().items() if preset.architecture.layers}
GAP = PRESETS["gap-17k"]
SOURCE = python_source(GAP.architecture)
TABLE = summary_table(analyze(GAP.architecture))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_comes_back_of_its_source(name):
    assert_source_comes_back(PRESETS[name].architecture)


# A notebook trains, so that there must be images for it.
TRAINED = [
    name
    for name, preset in PRESETS.items()
    if DATASETS[preset.recipe.dataset].input_shape == preset.architecture.input_shape
]


@pytest.mark.parametrize("name", TRAINED)
def test_every_preset_comes_back_of_its_notebook(name):
    architecture = PRESETS[name].architecture
    opened = open_text(notebook_json(architecture, PRESETS[name].recipe))
    assert opened.form == "notebook"
    assert opened.problem is None
    assert opened.architecture.input_shape == architecture.input_shape
    assert opened.architecture.name == architecture.name
    assert without_order(opened.architecture.layers) == without_order(architecture.layers)


FORMS = {
    "code": SOURCE,
    "code in a README": f"# Ours\n\nSome words.\n\n```python\n{SOURCE}\n```\n\nMore.\n",
    "code at a prompt": "\n".join(
        (">>> " if not line.startswith((" ", ")")) and line else "... ") + line
        for line in SOURCE.splitlines()
    ),
    "code with prose around it": f"Dear all,\n\nhere is my network:\n\n{SOURCE}\n\nWhy is it slow?",
    "code with magics": f"%matplotlib inline\n!pip install torch\n\n{SOURCE}",
    "code that is indented": "\n".join(f"    {line}" for line in SOURCE.splitlines()),
    "code with Windows' line ends": SOURCE.replace("\n", "\r\n"),
    "repr": repr(build(GAP.architecture)),
    "table": TABLE,
    "json": to_json(GAP.architecture),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_told_by_itself(form):
    opened = open_text(FORMS[form], Asked(image=(1, 28, 28)))
    assert opened.form == form.split()[0]
    assert opened.problem is None
    assert analyze(opened.architecture).total_params == analyze(GAP.architecture).total_params
    assert open_file(FORMS[form].encode()).form == opened.form


def cell(source: str, printed: str = "", count: int | None = None) -> dict:
    outputs = [{"output_type": "stream", "text": printed.splitlines(True)}] if printed else []
    return {"cell_type": "code", "source": source, "outputs": outputs, "execution_count": count}


def notebook(*cells: dict) -> str:
    return json.dumps({"cells": list(cells), "nbformat": 4})


def test_the_table_of_a_notebook_checks_its_code():
    opened = open_text(notebook(cell(SOURCE), cell("summary(net)", TABLE, 7)))
    assert opened.form == "notebook"
    assert opened.architecture == GAP.architecture
    assert any(
        "the output of cell [7] counts 17,498 parameters, as the code gives" in note
        for note in opened.notes
    )
    other = analyze(PRESETS["avg-pool-13k"].architecture)
    opened = open_text(notebook(cell(SOURCE), cell("summary(net)", summary_table(other), 7)))
    assert any(
        f"gives 17,498 parameters; the table beside it counts {other.total_params:,} at" in note
        for note in opened.notes
    )


def test_another_form_may_be_asked_for():
    text = notebook(cell(SOURCE), cell("print(net)", repr(build(GAP.architecture)) + "\n" + TABLE))
    assert open_text(text).forms == ("code", "table", "repr")
    assert open_text(text, Asked("table")).form == "table"
    assert open_text(text, Asked("table")).imported is not None
    assert open_text(text, Asked("repr")).form == "repr"


def test_a_cell_that_is_no_python_does_not_stand_in_the_way():
    broken = "print 'python 2'\nfor x in :\n"
    opened = open_text(notebook(cell(broken), cell(SOURCE), cell("SELECT * FROM x")))
    assert opened.architecture == GAP.architecture


def test_places_in_a_notebook_are_those_of_its_cells():
    source = (
        "class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.conv = nn.Conv2d(1, 2, 3)\n        self.head = nn.LSTM(2, 2)\n"
        "    def forward(self, x):\n        return self.head(self.conv(x))\n"
    )
    opened = open_text(notebook(cell("import torch\nx = 1\n"), cell(source, count=3)))
    assert opened.problem is not None
    assert opened.problem.place == "line 5 of cell [3]"


TWO = """
import torch.nn as nn
class Small(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.body = nn.Conv2d(1, width, 3)
    def forward(self, x):
        return self.body(x)
class Large(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, width, 3), Small.part(width))
    def forward(self, x):
        return self.body(x)
Small.part = lambda width: nn.Conv2d(width, width, 1)
def small():
    return Small(6)
large = Large(12)
"""
NETWORKS = {None: 12 * 10 + 12 * 13, "Small": 40, "small": 60, "large": 276, "Large": 276}


@pytest.mark.parametrize("name", NETWORKS)
def test_of_several_networks_one_may_be_asked_for(name):
    opened = open_text(TWO, Asked(network=name))
    assert analyze(opened.architecture).total_params == NETWORKS[name]
    assert opened.networks == ("large", "Large", "Small")


def test_a_network_that_is_not_there_is_answered_with_those_that_are():
    with pytest.raises(OpenError, match="no network called “Net”; it has large, Large, Small"):
        open_text(TWO, Asked(network="Net"))


def test_classes_of_one_name_are_told_apart_by_their_lines():
    text = TWO.replace("class Large", "class Small").replace("large = Large(12)", "")
    opened = open_text(text, Asked(network="Small (line 3)"))
    assert analyze(opened.architecture).total_params == 40


VALUES = {"3": 3, " 2.5 ": 2.5, "True": True, "'same'": "same", "same": "same", "[1]": "[1]"}


@pytest.mark.parametrize("text", VALUES)
def test_a_value_is_a_number_a_word_or_true(text):
    assert value_of(text) == VALUES[text]
    assert type(value_of(text)) is type(VALUES[text])


def test_the_size_of_the_images_may_be_said():
    opened = open_text(TWO, Asked(image=(1, 40, 30)))
    assert opened.architecture.input_shape == (1, 40, 30)
    assert not opened.is_image_assumed
    assert open_text(TWO).is_image_assumed
    assert "nothing says how large the images are; 28×28 is assumed" in open_text(TWO).notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (MAX_PASTED + 1), "the text has 1,000,001 bytes, and up to 1,000,000 can be pasted"),
        ("网" * (MAX_PASTED // 2), "the text has 1,500,000 bytes"),
        ("\ud800" * (MAX_PASTED + 1), "the text has 1,000,001 bytes"),  # half a character
    ],
)
def test_what_is_too_long_to_be_pasted_is_to_be_uploaded(text, said):
    with pytest.raises(OpenError, match="a longer one: upload the file") as refused:
        open_pasted(text)
    assert said in str(refused.value)


def test_what_may_be_pasted_is_opened_as_any_text():
    long = f"{TABLE}\n{'x ' * 200_000}"
    assert open_pasted(long).architecture == open_text(long).architecture
