"""The ways in: what comes in there when it is good, how it is mutated, and what reads it."""

import ast
import base64
import contextlib
import io
import json
import re
import sqlite3
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
import torchinfo
from google.protobuf.message import DecodeError
from streamlit.proto.BackMsg_pb2 import BackMsg

from explorer.__main__ import main as run_command
from explorer.assignment.assignment import Assignment, AssignmentError, Part, parse_assignment
from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.assignment.clauses import clauses, verdict
from explorer.classroom.assignments import Assignments, NotGivenOut
from explorer.exports.pytorch import python_source
from explorer.exports.summary_text import summary_table
from explorer.imports.opening import OpenError, open_file, open_text
from explorer.imports.summary_table import SummaryError, import_summary
from explorer.insight.drawing import UNITS
from explorer.link import LinkError, Shared, decode, encode
from explorer.link import to_data as shared_to_data
from explorer.network.analysis import Analysis, analyze, receptive_fields
from explorer.network.architecture_json import parse_architecture, to_json
from explorer.network.build import build
from explorer.network.difference import difference
from explorer.network.hints import hints
from explorer.network.spec import Architecture, ArchitectureError, Conv2d, Flatten, Linear
from explorer.presets import FOLDER, PresetError, load_presets, measured
from explorer.refusal import Refusal
from explorer.runs.checkpoint_files import CheckpointError
from explorer.runs.checkpoint_format import from_bytes, to_bytes
from explorer.runs.database import Database
from explorer.runs.manager import JobManager
from explorer.runs.new_run import new_run
from explorer.runs.run import RunError
from explorer.runs.store import Store
from explorer.saved import SavedStore, SaveError
from explorer.text import printable
from explorer.training.checkpoint import Checkpoint
from explorer.training.event import Event
from explorer.training.event import to_json as event_to_json
from explorer.training.recipe import Recipe, RecipeError, parse_recipe
from explorer.training.recipe import to_json as recipe_to_json
from explorer.ui import process
from explorer.ui.compare.chosen import find, read_link
from explorer.ui.components.field_view.component import FieldViewContext, view_data
from explorer.ui.components.field_view.request import FieldViewRequest, parse_request
from explorer.ui.components.stack_editor import DraftError, Stack, parse_draft
from explorer.ui.markdown_text import markdown_to_html
from explorer.ui.server import drawing_route, layer_maps_route
from explorer.ui.server.analysis_route import answer_to
from explorer.ui.server.message_guard import InputKinds, without_unreadable
from tests.fuzz.mutate import (
    json_text,
    mutate_bytes,
    mutate_code,
    mutate_data,
    mutate_json,
    mutate_name,
    mutate_table,
    mutate_text,
)
from tests.fuzz.watch import faults_of_a_message
from tests.people.shared import ANN, SOMEBODY, TEACHER
from tests.runs.shared import wait

Take = Callable[[Any], None]  # reads a case; raises the refusal
SOURCES_FOLDER = Path(__file__).parents[1] / "imports" / "sources"
PRESETS = list(load_presets().values())
NETWORKS = [preset for preset in PRESETS if preset.architecture.layers]


@dataclass(frozen=True)
class WayIn:
    """One way in.

    `opened` prepares what reads the cases, in a folder of its own; `refusals` are this way's
    errors, whose text a person reads.
    """

    name: str
    cases: int
    mutated: Callable[[Random], Any]
    opened: Callable[[Path], contextlib.AbstractContextManager[Take]]
    refusals: tuple[type[Exception], ...]
    megabytes: int = 200  # that a case may take


class Refused(Exception):
    """A refusal that is no exception: a command's exit status, an answer that is None."""


def reader(read: Take) -> Callable[[Path], contextlib.AbstractContextManager[Take]]:
    """A way in that needs nothing to be prepared."""
    return lambda folder: contextlib.nullcontext(read)


def show(architecture: Architecture) -> None:
    """What the pages and downloads do at once with what came in."""
    analysis = analyze(architecture)
    hints(analysis)
    difference(NETWORKS[0].architecture, architecture)
    receptive_fields(analysis)
    assert parse_architecture(to_json(architecture)) == architecture
    assert is_seen(architecture.name), "a name with characters that cannot be seen was accepted"
    if analysis.problem is None:
        ast.parse(python_source(architecture))


def is_seen(name: str) -> bool:
    return printable(name) == name


# --- tables, notebooks, files ---------------------------------------------------------------------


@cache
def tables() -> list[str]:
    """Summaries of the presets as torchsummary and torchinfo print them, bare and in a README."""
    found = []
    for preset in NETWORKS:
        text = summary_table(analyze(preset.architecture))
        readme = (
            f"# {preset.title}\n\nSome words.\n\n```\n{text}\n```\n\n| a | b |\n|---|---|\n| 1 | "
            "2 |\n"
        )
        found += [text, readme, "    " + text]
        network, size = build(preset.architecture), (1, *preset.architecture.input_shape)
        for columns in (
            ("output_size", "num_params"),
            ("input_size", "output_size", "num_params", "kernel_size", "mult_adds"),
        ):
            found.append(
                str(torchinfo.summary(network, size, col_names=columns, verbose=0, device="cpu"))
            )
    return found


def notebook(table: str) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": table.splitlines(keepends=True)},
        {
            "output_type": "display_data",
            "data": {"image/png": "iVBORw0KGgo=" * 50, "text/plain": ["<Figure>"]},
        },
    ]
    cells = [
        {"cell_type": "markdown", "source": ["# Ours\n"]},
        {
            "cell_type": "code",
            "source": ["summary(net, (1, 28, 28))"],
            "outputs": outputs,
            "execution_count": 1,
        },
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def mutated_table(r: Random) -> str:
    return mutate_table(r, r.choice(tables()))


def mutated_notebook(r: Random) -> str:
    if r.random() < 0.3:
        return json.dumps(notebook(mutated_table(r)))
    return json_text(mutate_data(r, notebook(r.choice(tables()))))


def mutated_file(r: Random) -> bytes:
    """An uploaded file in any encoding."""
    text = r.choice([mutated_table, mutated_notebook])(r)
    return mutate_bytes(
        r, text.encode(r.choice(["utf-8", "utf-16", "utf-32", "utf-16-be", "utf-7"]), "replace")
    )


def read_table(text: str) -> None:
    show(import_summary(text).architecture)


def read_file(data: bytes) -> None:
    """As the dialog reads an upload."""
    show(open_file(data).architecture)


# --- JSON: architecture, recipe, assignment, link, draft, what the field view asks ----------------


def mutated_architecture(r: Random) -> str | bytes:
    return mutate_json(r, to_json(r.choice(PRESETS).architecture))


def mutated_recipe(r: Random) -> str | bytes:
    return mutate_json(r, recipe_to_json(r.choice(PRESETS).recipe))


def mutated_assignment(r: Random) -> Any:
    demands = Assignment(
        title="Small",
        text="# Do\n\n- *this*",
        dataset=r.choice([None, "mnist"]),
        max_layers=r.choice([None, 9]),
        required=(Part.DROPOUT,),
        forbidden=(Part.LINEAR,),
        deadline=r.choice([None, 1_800_000_000]),
    )
    old = {"batch_norm": True, "linear_head": False}  # as earlier versions wrote it
    return mutate_data(r, assignment_to_data(demands) | r.choice([{}, old]))


def read_assignment(data: Any) -> None:
    found = parse_assignment(data)
    assert parse_assignment(assignment_to_data(found)) == found
    assert is_seen(found.title), "a title with characters that cannot be seen was accepted"
    markdown_to_html(found.text)
    network = NETWORKS[0]
    verdict(clauses(found, network.architecture, network.recipe, None))


@contextmanager
def open_assignment_links(folder: Path) -> Iterator[Take]:
    """Of a server that gave out one assignment under GIVEN."""
    assignments = Assignments(Database(folder / "runs.sqlite"))
    given = assignments.give_out(Assignment(title="Small"), TEACHER)
    with assignments.database.write() as connection:
        connection.execute("UPDATE assignments SET id = ?", (GIVEN,))

    def take(id: str) -> None:
        found = assignments.find(id)
        assert id.casefold() == GIVEN, "another link leads to it"
        assert found.assignment == given.assignment

    yield take


GIVEN = "7k2f"


def mutated_assignment_link(r: Random) -> str:
    return r.choice([GIVEN, GIVEN.upper(), mutate_name(r, GIVEN), mutate_text(r, GIVEN)])


def mutated_link(r: Random) -> str:
    preset = r.choice(PRESETS)
    shared = Shared(
        preset.architecture, preset.recipe, Assignment(max_layers=r.choice([None, 9])), preset.id
    )
    match r.randrange(4):
        case 0:  # the text
            return mutate_text(r, encode(shared))
        case 1:  # what is packed in it
            return packed(mutate_bytes(r, unpacked(encode(shared))))
        case 2:  # the data in that
            return packed(json_text(mutate_data(r, json.loads(unpacked(encode(shared))))).encode())
        case _:  # the packing
            return "1." + base64_text(mutate_bytes(r, zlib.compress(unpacked(encode(shared)))))


def packed(data: bytes) -> str:
    return "1." + base64_text(zlib.compress(data))


def base64_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpacked(text: str) -> bytes:
    body = text.partition(".")[2]
    return zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def mutated_draft(r: Random) -> Any:
    stack = Stack.of(r.choice(PRESETS).architecture.layers)
    return mutate_data(
        r, {"base": 0, "seq": 1, "work": 0, "stack": stack.to_data(), "selected": None}
    )


def read_draft(value: Any) -> None:
    stack = Stack.of(NETWORKS[0].architecture.layers).accepting(value)  # never raises
    show(Architecture(layers=stack.layers))
    parse_draft(value)


def mutated_question(r: Random) -> str | bytes:
    stack = Stack.of(r.choice(PRESETS).architecture.layers)
    return mutate_json(r, json.dumps({"input": [1, 28, 28], "stack": stack.to_data()}))


def read_question(text: str | bytes) -> None:
    answer_to(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))


def mutated_request(r: Random) -> Any:
    fields = {
        "mode": r.choice(["exact", "effective", "arithmetic"]),
        "of": r.choice(["", "0:0"]),
        "at": [0.9, 0.1],
    }
    fields |= {
        "channel": r.randrange(4),
        "together": r.choice([None, True, False]),
        "image": r.randrange(3),
    }
    return mutate_data(r, {**fields, "trained": True, "first": 0})


@contextmanager
def open_field_view(folder: Path) -> Iterator[Take]:
    layers = (Conv2d(out_channels=3, kernel_size=3, stride=2), Flatten(), Linear(out_features=10))
    analysis: Analysis = analyze(Architecture(layers=layers))
    context = FieldViewContext("digits", 0, None, "somebody")
    with JobManager() as jobs:

        def read(sent: Any) -> None:
            request = parse_request(sent)
            # What is not understood is as nothing.
            answer = view_data(analysis, 0, context, request or FieldViewRequest(), jobs)
            json.dumps(answer, allow_nan=False)
            answer = view_data(
                analysis,
                0,
                context,
                (request or FieldViewRequest()).model_copy(update={"of": answer["of"]}),
                jobs,
            )
            json.dumps(answer, allow_nan=False)
            if request is None:
                raise Refused("What the browser asked for is left out.")

        # The images are read once a process.
        view_data(analysis, 0, context, FieldViewRequest(), jobs)
        yield read


def mutated_drawing(r: Random) -> str | bytes:
    strokes = [
        [r.randrange(UNITS + 1) for _ in range(2 * r.randrange(1, 9))]
        for _ in range(r.randrange(4))
    ]
    drawing = {"pen": r.choice([10, 80, 200]), "strokes": strokes}
    return mutate_json(r, json.dumps({"run": LEARNT, "drawing": drawing}))


def mutated_maps_question(r: Random) -> str | bytes:
    asked = {"run": LEARNT, "epoch": 1, "row": r.randrange(4), "image": r.randrange(400)}
    more = r.choice([{}, {"occlusion": True}, {"permit": ""}])
    return mutate_json(r, json.dumps({**asked, **more}))


LEARNT = "abcdefghjkmn"  # stands for a run that has learnt something


def open_learnt(answer: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    """An address that is asked about a run."""

    @contextmanager
    def opened(folder: Path) -> Iterator[Take]:
        layers = (Conv2d(out_channels=3, kernel_size=3), Flatten(), Linear(out_features=10))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("EXPLORER_HOME", str(folder))
            jobs = process.jobs()
            run = jobs.submit(Architecture(layers=layers), tiny_recipe(), ANN)
            wait(jobs, run)

            def read(text: str | bytes) -> None:
                data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
                found = json.loads(answer(data.replace(LEARNT.encode(), run.encode())))
                json.dumps(found, allow_nan=False)

            yield read
            process.stop()

    return opened


# --- names ----------------------------------------------------------------------------------------

GOOD_NAMES = ("gap-17k", "Anna's net", "网络 · 2", "x", "eight channels, no bias")


def mutated_name(r: Random) -> str:
    return mutate_name(r, r.choice(GOOD_NAMES))


def read_network_name(name: str) -> None:
    show(parse_architecture({"name": name, "layers": [{"kind": "Flatten"}]}))


@contextmanager
def open_saved_names(folder: Path) -> Iterator[Take]:
    store = SavedStore(folder)
    work = Shared(Architecture(layers=(Flatten(),)))

    def read(name: str) -> None:
        saved = store.save(name, work, SOMEBODY)
        assert is_seen(saved.name)
        assert [each.name for each in store.all()] == [saved.name]
        store.delete(saved.name, SOMEBODY)

    yield read


@contextmanager
def open_run_names(folder: Path) -> Iterator[Take]:
    with JobManager() as jobs:
        run_id = jobs.submit(
            Architecture(layers=(Flatten(), Linear(out_features=10))), tiny_recipe(), ANN
        )
        jobs.stop(run_id, TEACHER)

        def read(name: str) -> None:
            jobs.rename(run_id, name, TEACHER)
            assert is_seen(jobs.snapshot(run_id, 0).run.name)

        yield read


def tiny_recipe() -> Recipe:
    return Recipe(dataset="digits", epochs=1, device="cpu", precision="fp32")


# --- what lies on the disk ------------------------------------------------------------------------


@contextmanager
def open_saved_files(folder: Path) -> Iterator[Take]:
    """A file that another program changed: it is left out, and the log says why in a line."""
    store = SavedStore(folder)
    store.save("ours", Shared(NETWORKS[0].architecture), SOMEBODY)
    (file,) = folder.glob("*.json")

    def read(case: str | bytes) -> None:
        file.write_bytes(case if isinstance(case, bytes) else case.encode("utf-8", "surrogatepass"))
        found = SavedStore(folder).all()  # as another server sees it
        for each in found:
            show(each.shared.architecture)
        if not found:
            raise Refused("The file is left out.")

    yield read


def mutated_saved_file(r: Random) -> str | bytes:
    preset = r.choice(PRESETS)
    work = shared_to_data(Shared(preset.architecture, preset.recipe, Assignment(), preset.id))
    return mutate_json(r, json.dumps({"name": "ours", "owner": "somebody", **work}))


GOOD_EVENTS = (
    Event(
        kind="started",
        metrics={"epochs": 2.0, "steps_per_epoch": 2.0, "train_images": 9.0, "parameters": 7.0},
    ),
    Event(
        kind="step", time=0.1, epoch=1, step=1, metrics={"loss": 0.5, "accuracy": 0.5, "lr": 0.1}
    ),
    Event(kind="failed", time=0.2, epoch=1, step=2, message="out of memory"),
)


@contextmanager
def open_events(folder: Path) -> Iterator[Take]:
    """An event of a damaged database: it is left out, and the log says why in a line."""
    with open_database(folder) as (store, connection, run_id):

        def read(case: str | bytes) -> None:
            connection.execute("UPDATE events SET event = ?", (sql(case),))
            if not store.events(run_id):
                raise Refused("The event is left out.")

        yield read


@contextmanager
def open_rows(folder: Path) -> Iterator[Take]:
    """A run of a damaged database."""
    with open_database(folder) as (store, connection, run_id):

        def read(case: tuple[str, str | bytes]) -> None:
            column, value = case
            before = connection.execute(f"SELECT {column} FROM runs").fetchone()[0]
            connection.execute(f"UPDATE runs SET {column} = ?", (sql(value),))
            try:
                show(store.stored_run(run_id).run.architecture)
            finally:
                connection.execute(f"UPDATE runs SET {column} = ?", (before,))

        yield read


@contextmanager
def open_database(folder: Path) -> Iterator[tuple[Store, sqlite3.Connection, str]]:
    """A store with one run that has one event, and a connection of another program to its
    database.
    """
    store = Store(folder)
    run = new_run(NETWORKS[0].architecture, tiny_recipe(), "ann")
    store.add(run)
    claim = store.claim(run.id, ["queued"])
    assert claim is not None
    store.append(run.id, 0, GOOD_EVENTS[:1])
    claim.lock.release()
    with contextlib.closing(
        sqlite3.connect(folder / "runs.sqlite", isolation_level=None)
    ) as connection:
        yield store, connection, run.id
    store.close()


def sql(case: str | bytes) -> str | bytes:
    return case.encode("utf-8", "replace").decode() if isinstance(case, str) else case


def mutated_row(r: Random) -> tuple[str, str | bytes]:
    column = r.choice(["architecture", "recipe", "environment"])
    made = {
        "architecture": mutated_architecture,
        "recipe": mutated_recipe,
        "environment": mutated_environment,
    }
    return column, made[column](r)


def mutated_environment(r: Random) -> str | bytes:
    return mutate_json(
        r, json.dumps({"torch": "2.15.0", "python": "3.11.9", "device": "cpu: 2 cores"})
    )


GOOD_CHECKPOINT = Checkpoint(
    epoch=3,
    step=30,
    tensors={
        "network.0.weight": torch.linspace(-1, 1, 36).reshape(4, 1, 3, 3),
        "network.0.bias": torch.linspace(0, 1, 4),
        "optimizer.0.step": torch.tensor(30.0),
        "chance.order": torch.arange(40, dtype=torch.uint8),
    },
    facts={
        "groups": [{"lr": 0.1, "betas": [0.9, 0.99]}],
        "schedule": {},
        "precision": "fp32",
        "best": [0.5, 1],
    },
)


def mutated_checkpoint(r: Random) -> bytes:
    good = to_bytes(GOOD_CHECKPOINT)
    length = int.from_bytes(good[:8], "little")
    header, tensors = good[8 : 8 + length], good[8 + length :]
    match r.randrange(3):
        case 0:
            return mutate_bytes(r, good)
        case 1:
            made = json_text(mutate_data(r, json.loads(header))).encode("utf-8", "surrogatepass")
        case _:  # the facts in the header, with the checksum as it was
            data = json.loads(header)
            metadata = data["__metadata__"]
            metadata["checkpoint"] = json_text(mutate_data(r, json.loads(metadata["checkpoint"])))
            made = json.dumps(data).encode()
    return len(made).to_bytes(8, "little") + made + tensors


def read_checkpoint(data: bytes) -> None:
    found, good = from_bytes(data), GOOD_CHECKPOINT
    assert (found.epoch, found.step, found.facts) == (good.epoch, good.step, good.facts)
    assert found.tensors.keys() == good.tensors.keys()
    assert all(torch.equal(tensor, good.tensors[name]) for name, tensor in found.tensors.items())


@contextmanager
def open_presets(folder: Path) -> Iterator[Take]:
    """A preset's file, or one with our results; a folder each, as each is read once a process."""
    counted = iter(range(10**9))

    def read(case: tuple[str, str | bytes]) -> None:
        name, content = case
        here = folder / str(next(counted))
        (here / "results").mkdir(parents=True)
        path = here / name
        path.write_bytes(
            content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
        )
        if path.suffix == ".csv":
            measured("gap-17k", here)
        else:
            for preset in load_presets(here).values():
                show(preset.architecture)

    yield read


def mutated_preset(r: Random) -> tuple[str, str | bytes]:
    if r.random() < 0.3:
        file = r.choice(sorted((FOLDER / "results").glob("gap-17k*.csv")))
        return f"results/{file.name}", mutate_bytes(r, file.read_bytes())
    preset = r.choice(PRESETS)
    return f"{preset.id}.json", mutate_json(r, (FOLDER / f"{preset.id}.json").read_text())


# --- addresses and the socket ---------------------------------------------------------------------


@contextmanager
def open_addresses(folder: Path) -> Iterator[Take]:
    """?compare= with presets, saved networks and runs, and ?run=."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EXPLORER_HOME", str(folder))
        process.saved().save("wide, deep", Shared(NETWORKS[0].architecture), SOMEBODY)

        def read(text: str) -> None:
            known, unknown = read_link(text)
            assert all(find(key) for key in known)
            if unknown:
                raise Refused("Not on this server.")

        yield read
        process.stop()


def mutated_address(r: Random) -> str:
    good = ["gap-17k", "saved:wide, deep", "run:abcdefghjkmn", *(preset.id for preset in NETWORKS)]
    keys = [
        mutate_name(r, key) if r.random() < 0.3 else key
        for key in r.choices(good, k=r.choice([1, 2, 6, 50]))
    ]
    text = r.choice([",", "&c=", " ", ""]).join(keys)
    text = mutate_text(r, text) if r.random() < 0.3 else text
    return text.encode("utf-8", "replace").decode()  # as Streamlit gives an address on


def read_message(data: bytes) -> None:
    """A message of the socket, before Streamlit reads it.

    Streamlit answers what is none of its messages.
    """
    try:
        told = without_unreadable(InputKinds(), data)
    except DecodeError:
        raise Refused("This is no message of the page.") from None
    assert without_unreadable(InputKinds(), told) is told  # all that could not be read is out


def mutated_message(r: Random) -> bytes:
    message = BackMsg()
    message.rerun_script.page_script_hash = r.choice(["", "build", "train"])
    message.rerun_script.query_string = "a=1"
    for name in ("stack", "name"):
        state = message.rerun_script.widget_states.widgets.add(id=name)
        state.json_value = (
            json_text(mutate_data(r, {"draft": {"base": 0, "seq": 1}}))
            .encode("ascii", "replace")
            .decode()
        )
    data: bytes = message.SerializeToString()
    return mutate_bytes(r, data) if r.random() < 0.7 else data


# --- the command line -----------------------------------------------------------------------------

COMMANDS = (
    ("analyze", "ARCH"),
    ("analyze", "ARCH", "--json"),
    ("receptive-field", "ARCH", "--layer", "3", "--unit", "1,2"),
    ("export", "ARCH", "--format", "python", "--output", "FILE"),
    ("export", "ARCH", "--format", "summary"),
    ("export", "ARCH", "--format", "notebook", "--dataset", "mnist"),
    ("train", "ARCH", "--dataset", "digits", "--epochs", "2", "--seed", "0", "--csv", "FILE"),
    ("train", "gap-17k", "--recipe", "tuned", "--device", "cpu", "--precision", "fp32"),
    ("runs", "--json"),
    ("resume", "abcdefghjkmn"),
    ("continue", "abcdefghjkmn", "--epochs", "5"),
    ("import-summary", "TABLE"),
)


def mutated_command(r: Random) -> tuple[list[str], bytes]:
    """Arguments, and what stands on standard input where - is named."""
    arguments: list[str] = []
    told = b""
    for argument in r.choice(COMMANDS):
        match argument:
            case "ARCH":
                made = mutated_architecture(r)
                told = made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass")
                arguments.append(r.choice(["-", "-", "gap-17k", "good.json", mutated_path(r)]))
            case "TABLE":
                told = mutated_table(r).encode("utf-8", "surrogatepass")
                arguments.append(r.choice(["-", "-", "good.json", mutated_path(r)]))
            case "FILE":  # where something is written to: only where it may be
                arguments.append(
                    r.choice(["out.txt", "a" * 300, "good.json/out.txt", "none/out.txt", "."])
                )
            case _ if r.random() < 0.1 and not argument.startswith("--"):
                arguments.append(mutated_argument(r, argument))
            case _:
                arguments.append(argument)
    return arguments, told


def mutated_argument(r: Random, good: str) -> str:
    """Without U+0000, which no system passes on; half characters stand for bytes that are no
    UTF-8.
    """
    made = r.choice([mutate_text, mutate_name])(r, good).replace("\0", "")
    odd = r.choice(
        ["-1", "0", "1e9", "9" * 30, "9" * 5_000, "nan", "", " ", "--", "é", "１", "3,4,5", ","]
    )
    return r.choice([made.encode("utf-8", "replace").decode(), odd])[:100_000]


def mutated_path(r: Random) -> str:
    return r.choice(
        [
            mutated_argument(r, "good.json"),
            "a" * 5_000,
            "a/" * 3_000,
            ".",
            "/",
            "/dev/null",
            "good.json/x",
        ]
    )


@contextmanager
def open_shell(folder: Path) -> Iterator[Take]:
    """The commands in this process; `train` ends where the training would begin."""
    (folder / "good.json").write_text(to_json(NETWORKS[0].architecture))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("EXPLORER_HOME", str(folder / "home"))
        patch.setattr("explorer.shell.train.train_new", lambda run, options: (0, ()))

        def read(case: tuple[list[str], bytes]) -> None:
            arguments, told = case
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(told)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
            with contextlib.redirect_stderr(io.StringIO()) as errors:
                try:
                    status = run_command(arguments)
                except SystemExit as ended:  # argparse, about usage
                    status = int(str(ended.code))
            assert status in (0, 1, 2)
            notes, others = [], []
            for line in errors.getvalue().splitlines():
                (notes if line.startswith("note: ") else others).append(line)
            # Each note is a message of its own.
            assert not [fault for note in notes for fault in faults_of_a_message(note)]
            if status:
                raise Refused("\n".join(others))

        yield read


# --- all of them ----------------------------------------------------------------------------------


def mutated_anything(r: Random) -> str:
    """What may be put into the dialog: a link, a file or a table, as text."""
    made = r.choice(
        [mutated_link, mutated_architecture, mutated_recipe, mutated_table, mutated_notebook]
    )(r)
    text = made.decode("utf-8", "replace") if isinstance(made, bytes) else made
    return r.choice(["", "http://localhost:8501/?a=", "https://[?a=", "{"]) + text


SOURCES = [path.read_text(encoding="utf-8") for path in sorted(SOURCES_FOLDER.glob("*.py"))]


def mutated_code(r: Random) -> str:
    text = mutate_code(r, r.choice(SOURCES), r.choice(SOURCES))
    return text.replace("\n", "\r\n") if r.random() < 0.02 else text


def mutated_print(r: Random) -> str:
    """What print() prints of a network, with parts exchanged."""
    return mutate_table(r, r.choice(printed_networks()))


@cache
def printed_networks() -> list[str]:
    return [repr(build(network.architecture)) for network in NETWORKS]


def read_code(text: str) -> None:
    """An architecture, or a sentence: with a line, where the code has a network."""
    opened = open_text(text)
    analyze(opened.architecture)
    if opened.problem is not None:
        assert re.match(r"line \d+", opened.problem.place), opened.problem
        assert not list(faults_of_a_message(opened.problem.message)), opened.problem
    for note in opened.notes:
        assert not list(faults_of_a_message(note)), note


WAYS_IN = (
    # Of pasted code 10,000 with EXPLORER_FUZZ=4.
    WayIn("code", 2_500, mutated_code, reader(read_code), (OpenError,), megabytes=100),
    WayIn("print", 1_000, mutated_print, reader(read_code), (OpenError,), megabytes=100),
    WayIn("table", 600, mutated_table, reader(read_table), (SummaryError,)),
    WayIn(
        "notebook",
        400,
        mutated_notebook,
        reader(lambda text: show(open_text(text).architecture)),
        (OpenError,),
    ),
    WayIn("file", 700, mutated_file, reader(read_file), (OpenError,)),
    WayIn(
        "dialog",
        500,
        mutated_anything,
        reader(lambda text: show(open_text(text).architecture)),
        (OpenError,),
    ),
    WayIn(
        "architecture",
        2_400,
        mutated_architecture,
        reader(lambda text: show(parse_architecture(text))),
        (ArchitectureError,),
    ),
    WayIn(
        "link",
        2_400,
        mutated_link,
        reader(lambda text: show(decode(text).architecture)),
        (LinkError,),
    ),
    WayIn("draft", 2_000, mutated_draft, reader(read_draft), (DraftError,)),
    WayIn("question", 1_000, mutated_question, reader(read_question), (Refusal,)),
    WayIn("field view", 1_000, mutated_request, open_field_view, (Refused,)),
    WayIn("drawing", 600, mutated_drawing, open_learnt(drawing_route.answer_to), (Refusal,)),
    WayIn(
        "layer maps",
        600,
        mutated_maps_question,
        open_learnt(layer_maps_route.answer_to),
        (Refusal,),
    ),
    WayIn("recipe", 2_400, mutated_recipe, reader(parse_recipe), (RecipeError,)),
    WayIn("assignment", 1_600, mutated_assignment, reader(read_assignment), (AssignmentError,)),
    WayIn("assignment link", 1_000, mutated_assignment_link, open_assignment_links, (NotGivenOut,)),
    WayIn("network name", 700, mutated_name, reader(read_network_name), (ArchitectureError,)),
    WayIn("saved name", 500, mutated_name, open_saved_names, (SaveError,)),
    WayIn("run name", 500, mutated_name, open_run_names, (RunError,)),
    WayIn("saved file", 600, mutated_saved_file, open_saved_files, (Refused,)),
    WayIn(
        "event",
        800,
        lambda r: mutate_json(r, event_to_json(r.choice(GOOD_EVENTS))),
        open_events,
        (Refused,),
    ),
    WayIn("kept run", 500, mutated_row, open_rows, (RunError,)),
    WayIn("checkpoint", 700, mutated_checkpoint, reader(read_checkpoint), (CheckpointError,)),
    WayIn("preset", 500, mutated_preset, open_presets, (PresetError,)),
    WayIn("address", 400, mutated_address, open_addresses, (Refused,)),
    WayIn("socket", 400, mutated_message, reader(read_message), (Refused,)),
    WayIn("command line", 600, mutated_command, open_shell, (Refused,)),
)


def warm_up() -> None:
    """What a server has behind it before the first visitor: torch's parts for the meta device, the
    tables read.
    """
    tables()
    import_summary(tables()[0])
    for preset in PRESETS:
        show(preset.architecture)
