"""What comes into the Build page and goes out of it, without a browser."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.assignment.assignment import Assignment, Part
from explorer.exports.onnx import onnx_bytes
from explorer.exports.summary_text import summary_table
from explorer.imports.opening import OpenError, open_file, open_text, recipe_for, shared_work
from explorer.imports.summary_table import import_summary
from explorer.link import Shared, encode
from explorer.network.analysis import analyze
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.difference import difference
from explorer.network.spec import Architecture, Conv2d, ReLU
from explorer.presets import load_presets
from explorer.training.recipe import AdamW, Recipe
from explorer.ui import people, process, state
from explorer.ui.build import start_menu
from explorer.ui.build.share_menu import FORMS
from tests.people.shared import BEN
from tests.ui.pages import open_menu, opened, reset, start_from

PRESETS = load_presets()
OWN = Shared(
    Architecture(
        name="own", input_shape=(3, 32, 32), layers=(Conv2d(out_channels=4, kernel_size=3), ReLU())
    ),
    Recipe(dataset="cifar10", epochs=3, optimizer=AdamW()),
    Assignment(max_layers=1, required=(Part.DROPOUT,)),
)


pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def session(app: AppTest) -> state.Session:
    return app.session_state["explorer"]


# --- the address ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["build", "train"])
def test_a_link_is_opened_on_any_page(page):
    app = opened(page, a=encode(OWN))
    assert session(app).shared == OWN
    assert session(app).is_unchanged
    assert session(app).notice == ""


def test_a_link_of_a_changed_preset_knows_where_it_started():
    preset = PRESETS["strided-20k"]
    shared = Shared(Architecture(layers=(ReLU(),)), preset.recipe, start="strided-20k")
    app = opened(a=encode(shared))
    assert session(app).start.preset == "strided-20k"
    assert not session(app).is_unchanged
    reset(app)
    assert session(app).architecture == preset.architecture
    assert session(app).is_unchanged


@pytest.mark.parametrize("link", ["", "x", "1.eNq9", "9.eNq9", "1." + "A" * 20_000])
def test_a_bad_link_gives_a_message_and_the_default_page(link):
    app = opened(a=link)
    assert session(app).shared == state.first().shared
    assert bool(link) == bool(app.warning)
    if link:
        assert "This link cannot be opened: the link" in app.warning[0].value
        start_from(app, "gap-17k")
        assert not app.warning


def test_the_address_holds_the_work_but_for_the_first_page():
    app = opened()
    assert state.link_or_id(session(app).shared) == ("", "")
    start_from(app, "gap-17k")
    preset = PRESETS["gap-17k"]
    link = encode(Shared(preset.architecture, preset.recipe, start="gap-17k"))
    assert state.link_or_id(session(app).shared) == (link, "")


# --- editing --------------------------------------------------------------------------------------


def test_the_name_is_changed_and_an_empty_one_is_not_taken():
    app = opened()
    name = f"name-0-{session(app).work}"
    app.text_input(key=name).set_value("  my   net ").run()
    assert session(app).architecture.name == "my net"
    assert session(app).is_unchanged
    app.text_input(key=name).set_value("").run()
    assert session(app).architecture.name == "my net"
    assert app.text_input(key=name).value == "my net"
    assert "Enter a name for the network" in app.toast[0].value


def test_limits_are_set_and_taken_away():
    app = opened()
    open_menu(app, "assignment")
    app.number_input(key="assignment-max_layers-0").set_value(10).run()
    app.number_input(key="assignment-min_accuracy-0").set_value(98.5).run()
    app.number_input(key="assignment-max_params-0").set_value(None).run()
    app.multiselect(key="assignment-required-0").set_value(["linear_head"]).run()
    assert session(app).assignment == Assignment(
        max_params=None, max_layers=10, min_accuracy=0.985, required=(Part.LINEAR_HEAD,)
    )
    start_from(app, "gap-17k")
    assert session(app).assignment.max_layers == 10
    assert app.number_input(key="assignment-max_layers-1").value == 10


def test_a_reset_to_another_images_shape_takes_its_images_too():
    app = opened()
    app.selectbox(key="images-0").set_value("cifar10").run()
    assert session(app).input_shape == (3, 32, 32)
    reset(app)
    assert session(app).input_shape == (1, 28, 28)
    assert session(app).recipe == PRESETS[state.FIRST_PRESET].recipe


def test_saved_work_is_found_and_opened(monkeypatch):
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)  # no teacher
    process.saved().save("*theirs*", OWN, BEN)
    app = opened()
    app.session_state["picker-0"] = True
    app.run()
    assert not [button for button in app.button if "delete" in str(button.key)]
    app.button(key="saved-*theirs*").click().run()
    assert session(app).shared == OWN
    assert session(app).start.title == "*theirs*"


def test_hundreds_of_saved_networks_cost_nothing_until_they_are_looked_for():
    for number in range(start_menu.SHOWN + 3):
        process.saved().save(f"network {number:02}", OWN, BEN)
    app = opened()

    def offered() -> list[str]:
        return [str(button.key) for button in app.button if str(button.key).startswith("saved-")]

    assert offered() == []
    app.session_state["picker-0"] = True
    app.run()
    assert offered() == [f"saved-network {number:02}" for number in range(start_menu.SHOWN)]
    assert any("3 more" in caption.value for caption in app.caption)
    app.text_input(key="find-picker-0").set_value("WORK 32").run()
    assert offered() == ["saved-network 32"]


def test_the_recipe_on_train_is_kept():
    app = opened("train")
    app.number_input(key="recipe-0-epochs").set_value(7).run()
    assert session(app).recipe.epochs == 7
    app.selectbox(key="recipe-0-dataset").set_value("cifar10").run()
    assert session(app).recipe.dataset == "cifar10"
    assert session(app).architecture.input_shape == (3, 32, 32)
    assert session(app).recipe.epochs == 7


# --- forms to download ----------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.ending)
def test_every_form_is_made(form):
    app = opened()
    start_from(app, "gap-17k")
    READERS[form.ending](form.make(session(app)))


def read_python(made: str) -> None:
    """The class is as large as the network, and takes its images."""
    space: dict[str, Any] = {}
    exec(compile(made, "gap", "exec"), space)
    (network,) = (
        each
        for each in space.values()
        if isinstance(each, type) and issubclass(each, torch.nn.Module)
    )
    made_of = network()
    assert sum(parameter.numel() for parameter in made_of.parameters()) == analyze(GAP).total_params
    assert made_of.eval()(torch.zeros(2, *GAP.input_shape)).shape == (2, 10)


def read_notebook(made: str) -> None:
    cells = json.loads(made)["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert all(compile(cell, "cell", "exec") for cell in code)
    assert any("class " in cell and "in_channels=1, out_channels=16" in cell for cell in code)


def read_onnx(made: bytes) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load_from_string(made)
    onnx.checker.check_model(model)
    weights = sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)
    assert weights >= analyze(GAP).total_params


def read_summary(made: str) -> None:
    # Dropout rates are not in a table.
    assert difference(GAP, import_summary(made).architecture).count(object) <= 2
    assert f"Total params: {analyze(GAP).total_params:,}" in made


def read_json(made: str) -> None:
    assert parse_architecture(made) == GAP


READERS = {
    "json": read_json,
    "py": read_python,
    "ipynb": read_notebook,
    "onnx": read_onnx,
    "txt": read_summary,
}


# --- text that comes in ---------------------------------------------------------------------------

GAP = PRESETS["gap-17k"].architecture
TABLE = summary_table(analyze(GAP))


@pytest.mark.parametrize(
    "text",
    [
        to_json(GAP),
        to_json(GAP, 4) + "\n\n",
        f"http://localhost:8501/?a={encode(Shared(GAP))}",
        f"  https://school.example/explorer/?run=x&a={encode(Shared(GAP))}\n",
        json.dumps({"name": "x", "owner": "y", "architecture": json.loads(to_json(GAP))}),
    ],
)
def test_what_holds_all_of_a_network(text):
    found = open_text(text)
    assert found.architecture == GAP
    assert found.imported is None


@pytest.mark.parametrize(
    "text",
    [
        TABLE,
        f"# Ours\n\n```\n{TABLE}\n```\n",
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "outputs": [{"text": TABLE.splitlines(True)}],
                        "source": [],
                    }
                ],
                "nbformat": 4,
            }
        ),
    ],
)
def test_what_holds_a_table(text):
    found = open_text(text)
    # Dropout rates, of which a table doesn't tell.
    assert difference(GAP, found.architecture).count(object) <= 2
    assert found.imported is not None
    assert found.imported.problem is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "table"),
        ("{", "not JSON: it cannot be read on from line 1, column 2"),
        ("{}x", "not JSON"),
        ('{"layers": 3}', "layers"),
        ("http://localhost/?a=1.x", "the link is damaged"),
        ("http://localhost/?b=1", "that link holds no network"),
        ("https://example.org/train?run=abc", "that link holds no network"),
        ("https://[?a=1", "that link holds no network"),
        ("x" * 500_001, "500,001 characters without pictures"),
        ("x" * 8_000_001, "8,000,001 characters"),
    ],
)
def test_what_holds_nothing(text, message):
    with pytest.raises(OpenError, match=message):
        open_text(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize(
    "text",
    [to_json(GAP), TABLE, f"http://localhost/?a={encode(Shared(GAP))}"],
    ids=["json", "table", "link"],
)
def test_a_file_of_any_encoding_is_opened(text, encoding):
    assert open_file(text.encode(encoding)).architecture.input_shape == GAP.input_shape


def test_a_notebook_of_megabytes_is_opened_and_a_file_that_is_no_text_is_named():
    picture = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 400_000}}
    cells = [
        {"cell_type": "code", "source": [], "outputs": [picture, {"text": TABLE.splitlines(True)}]}
    ]
    notebook = json.dumps({"cells": cells})
    assert len(notebook) > 4_000_000
    assert open_file(notebook.encode()).imported is not None
    assert open_text(notebook).imported is not None
    with pytest.raises(OpenError, match="this is a picture"):
        open_file(b"\x89PNG\r\n\x1a\n")
    assert open_file(onnx_bytes(GAP)).architecture == GAP


def test_work_that_comes_without_a_recipe_takes_the_visitors():
    visitor = Recipe(dataset="mnist", epochs=4)
    assert recipe_for(visitor, (1, 28, 28)) == visitor
    assert recipe_for(visitor, (3, 32, 32)) == Recipe(dataset="cifar10", epochs=4)
    assert recipe_for(visitor, (7, 9, 9)) == visitor
    found = open_text(to_json(GAP))
    assert shared_work(found, GAP, visitor, Assignment(max_layers=3)) == Shared(
        GAP, visitor, Assignment(max_layers=3)
    )
    found = open_text(f"http://localhost/?a={encode(OWN)}")
    assert shared_work(found, found.architecture, visitor, Assignment()) == OWN
