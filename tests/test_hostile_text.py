"""Hostile names in every export, and on every page as Streamlit is given it: they are read as they
stand, and do nothing.

What the browser makes of it is looked at in tests/browser/test_hostile_text.py.
"""

import ast
import csv
import io
import json
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import onnx
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from explorer.__main__ import main
from explorer.assignment.assignment import Assignment
from explorer.compare.learning import Record, group, record_of
from explorer.compare.mcnemar import Right
from explorer.exports.notebook import (
    WEIGHTS,
    evaluation_script,
    grading_script,
    notebook_json,
    training_script,
)
from explorer.exports.onnx import onnx_bytes
from explorer.exports.pytorch import class_name, python_source
from explorer.exports.report.archive import write_zip
from explorer.exports.report.comparison_report import Column, comparison_report
from explorer.exports.report.reading import read_trained
from explorer.exports.report.run_report import Files, Trained, run_report
from explorer.imports.opening import OpenError, open_text
from explorer.link import LinkError, Shared, decode, encode
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.spec import Architecture, Conv2d, Flatten, Linear
from explorer.presets import load_presets
from explorer.runs.manager import JobManager
from explorer.text import for_csv, for_html, for_markdown, printable
from explorer.training.event import Event, events_csv
from explorer.training.recipe import Recipe
from explorer.ui import process
from explorer.ui.build import start_menu
from explorer.ui.build.page import SELECTED
from explorer.ui.charts import compare_charts
from explorer.ui.charts.chart import Chart
from explorer.ui.compare.chosen import write_link
from explorer.ui.compare.computation_view import LIFT_EVERYWHERE
from explorer.ui.downloads import pictures
from explorer.ui.page_styles import STYLES
from explorer.ui.train.page import SHOWN_RUN
from tests.hostile import NAMES, broken_links
from tests.people.shared import SOMEBODY, TEACHER
from tests.ui.pages import page_of

PRESETS = tuple(load_presets().values())
RECIPE = Recipe(dataset="digits", epochs=1, batch_size=256, device="cpu", precision="fp32")
LAYERS = (Conv2d(out_channels=2, kernel_size=5, stride=3), Flatten(), Linear(out_features=10))
PLAIN = "plain"
CANNOT_LEARN = (Flatten(), Linear(out_features=3))  # three values for ten classes

every_name = pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())


def named(name: str, layers=LAYERS) -> Architecture:
    return Architecture(name=name, layers=layers)


# --- what a reader makes of text ------------------------------------------------------------------


class Tags(HTMLParser):
    """The elements of a page, and its text."""

    def __init__(self, text: str):
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, tuple(sorted(name for name, _ in attributes))))

    def handle_data(self, data):
        self.text += data


def rendered(markdown: str) -> Tags:
    """As a reader that allows everything: HTML, tables, bare addresses."""
    return Tags(MarkdownIt("gfm-like").render(markdown))


def shown(markdown: str) -> str:
    return " ".join(rendered(markdown).text.replace("\u2060", "").split())


@every_name
def test_as_markdown_it_is_one_paragraph_that_is_read_as_it_stands(name):
    assert rendered(for_markdown(name)).found == [("p", ())]
    assert shown(for_markdown(name)) == printable(name)
    assert shown(f"- {for_markdown(name)}") == printable(name)
    assert [tag for tag, _ in rendered(f"- {for_markdown(name)}").found] == ["ul", "li"]


@every_name
def test_as_html_it_is_text(name):
    found = Tags(f'<p title="{for_html(name)}">{for_html(name)}</p>')
    assert found.found == [("p", ("title",))]
    assert found.text == printable(name)


# --- code -----------------------------------------------------------------------------------------


def tree(source: str, name: str) -> str:
    """The code's tree without the class's name and the texts, which are a person's to read."""
    parsed = ast.parse(source)
    for node in ast.walk(parsed):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            node.value.value = ""
        for each in ("id", "name"):  # of a name that is read, and of one that is imported or made
            if getattr(node, each, "") == class_name(named(name)):
                setattr(node, each, "THE_CLASS")
    return ast.dump(parsed)


SOURCES: dict[str, Callable[[Architecture], str]] = {
    "the class": python_source,
    "model.py": lambda network: training_script(network, RECIPE),
    "evaluate.py": lambda network: evaluation_script(network, RECIPE, 2),
    "grade.py": lambda network: grading_script(network, RECIPE, 2),
}


@cache
def plain_tree(make: Callable[[Architecture], str]) -> str:
    return tree(make(named(PLAIN)), PLAIN)


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
@every_name
def test_code_is_the_same_whatever_the_name(make, name):
    source = make(named(name))
    assert tree(source, name) == plain_tree(make)
    assert all(char.isprintable() or char == "\n" or char in "\u200c\u200d" for char in source)


@every_name
def test_no_other_name_of_a_script_is_the_classes(name):
    """Nor would it be that of what the script imports."""
    for make in SOURCES.values():
        parsed = ast.parse(make(named(name)))
        bound = [
            each.asname or each.name
            for node in ast.walk(parsed)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for each in node.names
        ]
        bound += [
            node.id
            for node in ast.walk(parsed)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        ]
        bound += [
            node.name
            for node in ast.walk(parsed)
            if isinstance(node, ast.FunctionDef | ast.ClassDef)
        ]
        assert bound.count(class_name(named(name))) == 1


@cache
def plain_cells() -> list[nbformat.NotebookNode]:
    cells: list[nbformat.NotebookNode] = nbformat.reads(
        notebook_json(named(PLAIN), RECIPE), 4
    ).cells
    return cells


@every_name
def test_a_notebook_is_valid_and_the_same(name):
    notebook = nbformat.reads(notebook_json(named(name), RECIPE), 4)
    nbformat.validate(notebook)
    for cell, other in zip(notebook.cells, plain_cells(), strict=True):
        assert cell.cell_type == other.cell_type
        if cell.cell_type == "code":
            assert tree(cell.source, name) == tree(other.source, PLAIN)
        else:
            assert rendered(cell.source).found == rendered(other.source).found


@cache
def nodes_of_the_plain_one() -> list[str]:
    return [node.name for node in onnx.load_from_string(onnx_bytes(named(PLAIN), None)).graph.node]


@every_name
def test_onnx_holds_it_as_text(name):
    model = onnx.load_from_string(onnx_bytes(named(name), None))
    onnx.checker.check_model(model)
    assert [node.name for node in model.graph.node] == nodes_of_the_plain_one()
    assert model.graph.name.isidentifier()
    assert model.graph.doc_string == printable(model.graph.doc_string)


# --- files that come back -------------------------------------------------------------------------


@every_name
def test_file_and_link_bring_back_what_can_be_seen(name):
    network = parse_architecture({**json.loads(to_json(named(PLAIN))), "name": name})
    assert network.name == printable(name)
    assert parse_architecture(to_json(network)) == network
    assert decode(encode(Shared(network))).architecture == network


def refusal(text: str) -> str:
    try:
        open_text(text)
    except OpenError as error:
        return str(error)
    return ""


@every_name
def test_what_cannot_be_opened_is_said_in_characters_that_can_be_seen(name):
    texts = [f"http://localhost/?a={link}" for link in broken_links(name).values()] + [
        f"http://localhost/?b={name}"
    ]
    for text in [
        *texts,
        name,
        "{" + name,
        json.dumps({name: 1}),
        json.dumps({"layers": [{"kind": name}]}),
    ]:
        said = refusal(text)
        assert printable(said) == " ".join(said.split())
    for link in broken_links(name).values():
        with pytest.raises(LinkError):
            decode(link)


# --- tables and pictures --------------------------------------------------------------------------


def cells(text: str) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(text)) for cell in row]


def is_formula(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return bool(re.search(r"(^|;)\s*[=+\-@\t\r＝＋－＠]", cell))
    return False


@every_name
def test_no_cell_of_a_csv_is_a_formula(name):
    event = Event(kind="failed", message=name, metrics={"loss": -0.5})
    chart = Chart(
        "x", "X", {}, pd.DataFrame({"network": [name, "plain"], "value": [-1.5, float("nan")]})
    )
    for text in (events_csv([event]), pictures.csv(chart).decode()):
        assert not [cell for cell in cells(text) if is_formula(cell)]
    assert "-1.5" in cells(pictures.csv(chart).decode())
    assert for_csv(name) == for_csv(for_csv(name)) or str(for_csv(name)).startswith("'")


def drawn(name: str) -> list[Chart]:
    """Every chart that holds names."""
    from explorer.network.analysis import analyze

    style = compare_charts.Style(name, "#0072B2", "circle", (1, 0), name)
    mark = compare_charts.Mark(name, "run:x", named(name), 0.5, False)
    rows = pd.DataFrame(
        [(name, 1.0, 50.0, 40.0, 60.0, 2, "measured")],
        columns=["series", "place", "value", "low", "high", "seeds", "kind"],
    )
    rows = compare_charts.with_end_labels(rows, (0.0, 100.0), {name: name})
    return [
        Chart("depth", "Depth", compare_charts.depth_chart((name,)), compare_charts.depth_data({name: analyze(named(name))})),
        Chart("learning", "Learning", compare_charts.learning_chart((style,), "test accuracy", "epochs", (0.0, 100.0)), rows),
        Chart("trade-off", "Trade-off", compare_charts.trade_off_chart((name,), "parameters"), compare_charts.trade_off_data([mark], "parameters")),
    ]  # fmt: skip


def elements(svg: bytes) -> Counter[str]:
    return Counter(element.tag.split("}")[1] for element in ElementTree.fromstring(svg).iter())


@cache
def elements_of_the_plain_ones() -> dict[str, set[str]]:
    return {chart.name: set(elements(pictures.svg(chart))) for chart in drawn(PLAIN)}


@pytest.mark.slow
@every_name
def test_a_picture_is_drawn_and_holds_no_more_than_text(name):
    for chart in drawn(name):
        svg = pictures.svg(chart)
        assert set(elements(svg)) == elements_of_the_plain_ones()[chart.name]
        assert not any(
            "href" in attribute
            for element in ElementTree.fromstring(svg).iter()
            for attribute in element.attrib
        )


# --- reports --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """One run, which every report below is made of under another name."""
    with JobManager() as jobs:
        run_id = jobs.submit(named(PLAIN), RECIPE, SOMEBODY)
        while not jobs.snapshot(run_id).ended:
            time.sleep(0.02)
        yield read_trained(jobs, run_id, tmp_path_factory.mktemp("trained"))


def of_name(finished: Trained, name: str) -> Trained:
    run = replace(finished.run, name=name, architecture=named(name))
    return replace(finished, snapshot=replace(finished.snapshot, run=run))


def report(finished: Trained, name: str) -> Files:
    return run_report(of_name(finished, name), Assignment(), PRESETS, {})


def compared(finished: Trained, name: str) -> Files:
    one = of_name(finished, name)
    other = named(f"{name} 2", (Conv2d(out_channels=3, kernel_size=5, stride=3), *LAYERS[1:]))
    record = replace(record_of(one.snapshot), label=name)
    groups = group([record, replace(record, label=f"{name} 2", architecture=other, run_id="other")])
    whole = {one.run.id: (one, {})}
    columns = [Column(name, one.run.architecture), Column(f"{name} 2", other)]

    def answers(record: Record) -> Right:
        return np.arange(360) % (3 if record.run_id == "other" else 4) > 0

    return dict(comparison_report(columns, groups, whole, answers, Assignment(), PRESETS, {}))


@pytest.fixture(scope="module")
def plain_readmes(finished) -> dict[Callable[[Trained, str], Files], list[Tags]]:
    """What every README holds beside the name, by what makes it."""
    return {make: readmes(make(finished, PLAIN)) for make in (report, compared)}


def readmes(files: Files) -> list[Tags]:
    return [
        rendered(content.decode()) for path, content in files.items() if path.endswith("README.md")
    ]


@pytest.mark.parametrize("make", [report, compared])
@every_name
def test_a_report_holds_it_as_text_only(finished, plain_readmes, make, name):
    files = make(finished, name)
    for made, expected in zip(readmes(files), plain_readmes[make], strict=True):
        assert made.found == expected.found
        assert "\u202e" not in made.text
    # The names stand in the verdict too.
    assert make is report or "is significantly better" in readmes(files)[0].text
    for path, content in files.items():
        if path.endswith(".csv"):
            assert not [cell for cell in cells(content.decode()) if is_formula(cell)]
    packed = io.BytesIO()
    write_zip(files.items(), f"{class_name(named(name))}-{finished.run.id}", packed)
    archive = zipfile.ZipFile(packed)
    for path in archive.namelist():
        assert re.fullmatch(r"[A-Za-z0-9_./-]+", path)
        assert ".." not in path


RUN = [
    "a class that scripts use",
    "its lower case",
    "end of a docstring",
    "turned reading",
    "module",
    "builtin",
    "keyword",
]


# Runs each script as `python SCRIPT` would in its folder, one after the other, as importing torch
# takes most of the time.
RUN_EACH = """
import os, runpy, sys
script, *folders = sys.argv[1:]
for folder in folders:
    os.chdir(folder)
    sys.path[0] = folder
    sys.modules.pop("model", None)
    runpy.run_path(script, run_name="__main__")
    print("ran", folder, flush=True)
"""


def printed(script: str, folders: list[Path]) -> str:
    done = subprocess.run(
        [sys.executable, "-E", "-s", "-c", RUN_EACH, script, *map(str, folders)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout


@pytest.mark.slow
def test_evaluate_runs_under_any_name(finished, tmp_path: Path):
    folders = [tmp_path / f"{number}" for number in range(len(RUN))]
    for folder, kind in zip(folders, RUN, strict=True):
        folder.mkdir()
        for path, content in report(finished, NAMES[kind]).items():
            if "/" not in path:
                (folder / path).write_bytes(content)
    told = printed("evaluate.py", folders)
    assert told.count(f"test accuracy: {finished.epochs[-1].metrics['test_accuracy']:.2%}") == len(
        RUN
    )


@pytest.mark.slow
def test_model_trains_under_any_name(tmp_path: Path):
    folders = [tmp_path / f"{number}" for number in range(3)]
    for folder, kind in zip(folders, RUN[:3], strict=True):
        folder.mkdir()
        (folder / "model.py").write_text(training_script(named(NAMES[kind]), RECIPE))
    assert printed("model.py", folders).count("final test accuracy") == 3
    assert all((folder / WEIGHTS).exists() for folder in folders)


# --- the shell ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["terminal", "turned reading", "control characters"])
def test_a_terminal_gets_nothing_but_text(capsys, tmp_path: Path, monkeypatch, kind):
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    name, file = NAMES[kind], tmp_path / "net.json"
    file.write_text(json.dumps({**json.loads(to_json(named(PLAIN))), "name": name}))
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"name": "x", name: 1}))
    table = tmp_path / "table.txt"
    table.write_text(f"{name}\nLayer (type) Output Shape Param #\n{name}-1 [-1, 8, 26, 26] 80\n")
    for command in (
        ["analyze", str(file)],
        ["analyze", str(bad)],
        ["analyze", name.replace("\0", "")],
        ["resume", name],
        ["export", str(file), "--format", "python"],
        ["import-summary", str(table)],
        ["runs"],
    ):
        main(command)
        said = "".join(capsys.readouterr())
        assert all(char == "\n" or char.isprintable() for char in said), (command, said)


# --- the pages, as Streamlit is given them --------------------------------------------------------


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server on which one has saved and trained under every hostile name."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_DATA", str(folder / "data"))
        patch.setenv("EXPLORER_HOME", str(folder / "home"))
        for name in NAMES.values():
            process.saved().save(name[:60], Shared(named(name, CANNOT_LEARN), RECIPE), TEACHER)
        for name in list(NAMES.values())[:12]:
            process.jobs().submit(named(name), RECIPE, TEACHER, name="")
        while any(not run.ended for run in process.jobs().runs()):
            time.sleep(0.02)
        yield folder
        process.stop()


# Of an element's message, each read as Markdown but for an html element's body.
FIELDS = ("body", "label", "help", "text")


def sayings(app: AppTest) -> Iterator[tuple[str, str, str]]:
    """Every text that the page gives Streamlit to be read as markup: the kind of element, the
    field, the text.
    """

    def walk(block) -> Iterator[tuple[str, str, str]]:
        for child in block.children.values():
            proto = getattr(child, "proto", None)
            for name in FIELDS:
                text = getattr(proto, name, "") if proto is not None else ""
                if isinstance(text, str) and text:
                    yield child.type, name, text
            if hasattr(child, "children"):
                yield from walk(child)

    yield from walk(app._tree)


ALLOWED = {"p", "strong", "br"}  # what our own labels hold


def look_at(app: AppTest) -> int:
    """Nothing on the page is markup but ours; how many texts were looked at."""
    assert not app.exception
    count = 0
    for kind, field, text in sayings(app):
        count += 1
        if kind == "html" and field == "body":
            # The links of ours, to places on the page; the one place that our styles come from, and
            # those that are made of our own colours.
            for place in (SHOWN_RUN, SELECTED):
                text = text.replace(f'<a href="#{place}">', "<b>")
            text = text.replace(STYLES, "").replace(LIFT_EVERYWHERE, "")
            tags = {tag for tag, _ in Tags(text).found}
            assert not tags & {
                "img",
                "a",
                "font",
                "form",
                "input",
                "script",
                "style",
                "iframe",
                "svg",
                "u",
            }, text
            attributes = {name for _, names in Tags(text).found for name in names}
            assert not {
                each
                for each in attributes
                if each.startswith("on") or each in ("src", "href", "action")
            }, text
        elif kind != "html":
            assert {tag for tag, _ in rendered(text).found} <= ALLOWED, (kind, field, text)
    return count


def opened(page: str, **query: str) -> AppTest:
    return page_of(page, **query).run()


def test_the_list_of_saved_networks_holds_names_only(home, monkeypatch):
    monkeypatch.setattr(start_menu, "SHOWN", len(NAMES))
    app = page_of("build")
    app.session_state["picker-0"] = True
    app.run()
    assert look_at(app) > len(NAMES)
    labels = [
        shown(button.label) for button in app.button if (button.key or "").startswith("saved-")
    ]
    assert {label.split(" · ")[0] for label in labels} >= {
        printable(NAMES[kind]) for kind in ("HTML image", "emoji and icons")
    }


@every_name
def test_a_link_with_the_name_is_shown_on_build(home, name):
    app = opened("build", a=encode(Shared(named(name), RECIPE)))
    assert look_at(app)
    app.text_input[0].set_value("plain").run()
    look_at(app)
    app.text_input[0].set_value(name[:120]).run()
    assert app.session_state["explorer"].name == printable(name)
    look_at(app)


ASKED: tuple[tuple[str, str, str], ...] = (
    ("train", "run", ""),
    ("compare", "compare", "saved:"),
    ("build", "a", ""),
)


@every_name
def test_what_an_address_asks_for_is_quoted_as_text(home, name):
    """Each name by one of the pages, and each page a third of them: all have the same way to say
    it.
    """
    page, parameter, before = ASKED[list(NAMES.values()).index(name) % len(ASKED)]
    assert look_at(opened(page, **{parameter: f"{before}{name}"}))


@pytest.mark.parametrize(("number", "place"), list(enumerate(broken_links("x"))))
def test_a_link_that_cannot_be_shown_is_quoted_as_text(home, number, place):
    """Each place with two of five names, and each name in some places: which is said, another test
    tries with all.
    """
    kinds = ("Markdown image", "HTML image", "control characters", "bare www", "colours")
    for kind in (kinds[number % 5], kinds[(number + 2) % 5]):
        app = opened("build", a=broken_links(NAMES[kind])[place])
        assert app.warning
        look_at(app)
        said = app.warning[0].value
        assert said[:1].isupper()
        assert said.endswith(".")


@pytest.mark.parametrize("start", range(0, len(NAMES), 6))
@pytest.mark.parametrize(
    "view", ["Structure", "Learning", "Verdict", "Trade-off", "Shape of computation"]
)
def test_compare_holds_names_only(home, view, start):
    app = page_of("compare")
    saved = [f"saved:{each.name}" for each in process.saved().all()][start : start + 6]
    app.query_params["compare"] = write_link(saved)
    app.query_params["view"] = view
    assert look_at(app.run())
    left_out = " ".join(element.proto.body for element in app.get("html"))
    assert "is left out" in left_out  # in Train all, each by its name
    for key in saved:
        assert for_html(key.removeprefix("saved:")) in left_out


@pytest.mark.slow
def test_runs_and_train_hold_names_only(home):
    assert look_at(opened("runs"))
    for run in process.jobs().runs():
        app = page_of("runs")
        app.session_state["runs-chosen"] = run.run.id
        assert look_at(app.run())
        assert look_at(opened("train", run=run.run.id))
