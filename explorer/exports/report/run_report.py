"""A run's report: the files of a folder that a student hands in, README.md first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from torch import Tensor

from explorer.assignment.assignment import Assignment
from explorer.assignment.clauses import SIGNS, Clause, clauses
from explorer.assignment.results import Result
from explorer.compare.verdict import standard_error
from explorer.exports import tensorboard
from explorer.exports.notebook import (
    TRAINED_WEIGHTS,
    code_problem,
    evaluation_script,
    grading_script,
    notebook_json,
    recipe_lines,
    training_script,
)
from explorer.exports.pytorch import state_dict_names
from explorer.exports.report.grade import GRADE, grade_json
from explorer.exports.report.markdown import document, image, table
from explorer.exports.summary_text import summary_table
from explorer.network.analysis import Analysis, analyze, jump_text
from explorer.network.architecture_json import to_json as architecture_to_json
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.network.spec import Architecture, count_layers
from explorer.presets import Preset, find_preset
from explorer.runs.checkpoint_format import weights_to_bytes
from explorer.runs.run import Run, Snapshot
from explorer.text import counted, for_markdown, percent, points, sentence, size_text
from explorer.training.dataset_lookup import find_dataset
from explorer.training.event import (
    EPOCH_COLUMNS,
    VALIDATION_COLUMNS,
    Event,
    best_of,
    epochs_csv,
    events_csv,
)
from explorer.training.initialisation import trainable
from explorer.training.recipe import Recipe, picks_best
from explorer.training.recipe import to_data as recipe_to_data

Files = dict[str, bytes]  # by their paths in the report's folder
Pictures = Mapping[str, bytes]  # charts, by their files' names

CHARTS = "charts"  # the folder of the pictures


@dataclass(frozen=True)
class Trained:
    """A run with at least one whole epoch, and what its report needs of it."""

    snapshot: Snapshot
    events: tuple[Event, ...]  # all
    # After its last whole epoch, by the names that build() gives; None where they are lost.
    weights: Mapping[str, Tensor] | None
    precision: str  # "fp32" or "bf16": what it was computed in
    threads: int  # that it was computed with, where it was computed on a CPU
    # Why this is not all that the run did, or why there are no weights; "" where nothing is to be
    # said.
    note: str = ""

    @property
    def run(self) -> Run:
        return self.snapshot.run

    @property
    def recipe(self) -> Recipe:
        """As it was carried out: the precision is the one that was chosen."""
        return self.run.recipe.model_copy(update={"precision": self.precision})

    @property
    def epochs(self) -> tuple[Event, ...]:
        return self.snapshot.epochs


def run_report(
    trained: Trained, assignment: Assignment, presets: Sequence[Preset], pictures: Pictures
) -> Files:
    """All files.

    `model.py` trains the network anew; `evaluate.py` tests the run's own weights, and prints the
    accuracy that README.md reports; `grade.py` tests them, too, and judges the assignment anew.
    Where no code can be written, these are left out, and README.md says why.

    Raises ArchitectureError where the network cannot be trained, which no run is made of.
    """
    run, recipe = trained.run, trained.recipe
    result = result_of(trained)
    judged = clauses(assignment, run.architecture, run.recipe, result)
    scalars = f"tensorboard/{tensorboard.file_name(run.id, run.submitted)}"
    has_code = not code_problem(recipe)
    texts = {
        "README.md": _readme(trained, judged, presets, pictures),
        **(_training_code(run.architecture, recipe) if has_code else {}),
        "architecture.json": architecture_to_json(run.architecture, 2) + "\n",
        "run.json": json.dumps(_facts(trained), indent=2, ensure_ascii=False) + "\n",
        "epochs.csv": epochs_csv(trained.events),
        "events.csv": events_csv(trained.events),
    }
    files = {name: text.encode() for name, text in texts.items()}
    if trained.weights is not None:
        scripts = {"evaluate.py": evaluation_script, "grade.py": grading_script}
        files |= {
            name: made(run.architecture, recipe, trained.threads).encode()
            for name, made in scripts.items()
            if has_code
        }
        files[TRAINED_WEIGHTS] = weights_to_bytes(_renamed(trained.weights, run.architecture))
    parameters = analyze(run.architecture).total_params
    files[GRADE] = grade_json(assignment, judged, result, parameters, files).encode()
    files[scalars] = tensorboard.event_file(trained.events, run.submitted)
    return files | {f"{CHARTS}/{name}": picture for name, picture in pictures.items()}


def _training_code(architecture: Architecture, recipe: Recipe) -> dict[str, str]:
    return {
        "model.py": training_script(architecture, recipe),
        "notebook.ipynb": notebook_json(architecture, recipe),
    }


def _renamed(weights: Mapping[str, Tensor], architecture: Architecture) -> dict[str, Tensor]:
    """The weights by the names of the class in the code."""
    names = state_dict_names(trainable(architecture))
    return {names[name]: tensor for name, tensor in weights.items()}


def _facts(trained: Trained) -> dict[str, object]:
    """What made the run, for programs; the network is in architecture.json."""
    run = trained.run
    return {
        "id": run.id,
        "name": run.name,
        "recipe": recipe_to_data(run.recipe),
        "more_epochs": run.more_epochs,
        "device": run.device,
        "precision": trained.precision,
        "environment": {
            "torch": run.environment.torch,
            "python": run.environment.python,
            "device": run.environment.device,
            "threads": run.environment.threads,
            "host": run.environment.host,
        },
        "submitted": datetime.fromtimestamp(run.submitted, UTC).isoformat(timespec="seconds"),
        "status": trained.snapshot.status,
        "epochs": trained.epochs[-1].epoch,  # that this report is of
        "note": trained.note,
    }


# --- README.md ------------------------------------------------------------------------------------


def shown_pictures(pictures: Pictures) -> str:
    """The SVGs, and in place of a chart that could not be drawn what its .txt says."""
    lines = []
    for name, content in pictures.items():
        if name.endswith(".svg"):
            lines.append(image(name.removesuffix(".svg"), f"{CHARTS}/{name}"))
        elif name.endswith(".txt"):
            lines.append(for_markdown(content.decode()))
    return "\n\n".join(lines)


def _readme(
    trained: Trained, judged: Sequence[Clause], presets: Sequence[Preset], pictures: Pictures
) -> str:
    run, analysis = trained.run, analyze(trained.run.architecture)
    return document(
        f"# {for_markdown(run.name)}",
        _opening(trained, analysis),
        *(f"**Note:** {for_markdown(sentence(note))}" for note in _notes(trained)),
        table(("", ""), _result(trained, analysis), left=2),
        "## The network",
        f"```\n{summary_table(analysis)}\n```",
        "What each layer does, for one image. A unit of the layer sees as many pixels as the "
        "receptive field has, less what lies outside the image.",
        table(
            ("", "Layer", "Output", "Parameters", "Mult-adds", "Receptive field", "Jump"),
            _layers(analysis),
            left=2,
        ),
        MULT_ADDS_RULE,
        "## The recipe",
        "\n".join(
            f"- {line}" for line in recipe_lines(run.architecture, trained.recipe, for_markdown)
        ),
        _length_text(trained),
        "## The assignment",
        clause_lines(judged),
        "## How it learnt",
        shown_pictures(pictures),
        _epochs_table(trained),
        *_documented(trained, presets),
        "## What it was computed with",
        "\n".join(f"- {line}" for line in _environment(trained)),
        "## The files",
        "\n".join(f"- `{name}`: {what}" for name, what in _contents(trained)),
    )


def _notes(trained: Trained) -> list[str]:
    """What is to be said of the run, and of what this report leaves out."""
    no_code = code_problem(trained.recipe)
    left_out = f"there is no code in this report: {no_code}" if no_code else ""
    return [note for note in (trained.note, left_out) if note]


def _length_text(trained: Trained) -> str:
    """Where the run was shorter than its recipe, or longer: by how much; else ""."""
    end, run = _first_end(trained), trained.run
    if end and end.epoch < run.recipe.epochs:
        reached = trained.epochs[-1].epoch
        continued = f", and was continued up to epoch {reached}" if reached > end.epoch else ""
        return f"It stopped early, after epoch {end.epoch}{continued}."
    if run.more_epochs > 0:
        return f"Then {counted(run.more_epochs, 'epoch')} more, at the last learning rate."
    return ""


def clause_lines(judged: Sequence[Clause]) -> str:
    """Each demand of an assignment with its verdict, as a list."""
    return (
        "\n".join(
            f"- {SIGNS[clause.state]} {for_markdown(clause.text)} ({for_markdown(clause.note)})"
            for clause in judged
        )
        or "No limits were set."
    )


def _opening(trained: Trained, analysis: Analysis) -> str:
    final, data = trained.epochs[-1], find_dataset(trained.recipe.dataset)
    layers = counted(count_layers(analysis.architecture.layers), "layer")
    return (
        f"{layers} with {analysis.total_params:,} parameters, "
        f"trained on {for_markdown(data.title)} for {counted(final.epoch, 'epoch')}: "
        f"**{percent(final.metrics['test_accuracy'])}** test accuracy."
    )


def _result(trained: Trained, analysis: Analysis) -> list[tuple[str, str]]:
    final = trained.epochs[-1]
    picked_by = picks_best(trained.recipe)
    best = best_of(trained.epochs, picked_by)
    images = int(trained.snapshot.started.metrics["test_images"]) if trained.snapshot.started else 0
    accuracy = final.metrics["test_accuracy"]
    error = (
        f" ± {points(standard_error(accuracy, images))} (one standard error on {images:,} images)"
        if images
        else ""
    )
    end = _first_end(trained)
    reached_before = []
    if end and end.epoch < final.epoch:
        when = (
            f"Test accuracy at the end of its first {counted(end.epoch, 'epoch')}, "
            "before more were added"
        )
        reached_before = [(when, percent(end.metrics["test_accuracy"]))]
    return [
        (f"Test accuracy after the final epoch, {final.epoch}", f"**{percent(accuracy)}**{error}"),
        *reached_before,
        (
            f"Test accuracy of the best epoch, {best.epoch}"
            if picked_by == "validation"
            else f"Highest test accuracy, after epoch {best.epoch}",
            f"{percent(best.metrics['test_accuracy'])} ({_CHOSEN[picked_by]})",
        ),
        ("Test loss after the final epoch", f"{final.metrics['test_loss']:.4f}"),
        ("Parameters", f"{analysis.total_params:,}"),
        (
            "Multiply-adds per image",
            f"{analysis.total_mult_adds:,} (torchinfo's count: {analysis.torchinfo_mult_adds:,})",
        ),
        ("Receptive field of the last layer", f"{size_text(analysis.receptive_field)} pixels"),
        (
            "Training",
            f"{sum(event.metrics['seconds'] for event in trained.epochs):,.0f} s with the tests",
        ),
    ]


_CHOSEN = {
    "validation": "chosen on the validation images",
    "test": "chosen on the test set: optimistic",
}


def _first_end(trained: Trained) -> Event | None:
    """The first time that the run had gone through all its epochs; None where it never has."""
    return next((event for event in trained.events if event.kind == "finished"), None)


def _layers(analysis: Analysis) -> list[tuple[str, ...]]:
    return [
        (
            row.place,
            row.title,
            size_text(row.output_shape),
            f"{row.params:,}",
            f"{row.mult_adds:,}",
            size_text(row.receptive_field),
            jump_text(row.jump),
        )
        for row in analysis.rows
    ]


def result_of(trained: Trained) -> Result | None:
    """What the assignment is judged by: this run, if it went to its end.

    Where more epochs have been added since, what it had reached then.
    """
    end = _first_end(trained)
    return Result(end.epoch, end.metrics["test_accuracy"]) if end else None


EPOCH_HEAD = (
    "Epoch",
    "Train loss",
    "Train accuracy",
    "Test loss",
    "Test accuracy",
    "Learning rate",
    "Seconds",
    "Iterations/s",
)
SHOWN_AS = dict(
    zip(
        EPOCH_COLUMNS,
        ("{:.4f}", "{:.2%}", "{:.4f}", "{:.2%}", "{:.5g}", "{:.1f}", "{:.1f}"),
        strict=True,
    )
)
VALIDATION_HEAD = ("Validation loss", "Validation accuracy")
VALIDATION_SHOWN_AS = dict(zip(VALIDATION_COLUMNS, ("{:.4f}", "{:.2%}"), strict=True))


def _epochs_table(trained: Trained) -> str:
    has_validation = trained.recipe.validation_images > 0
    head = (*EPOCH_HEAD, *(VALIDATION_HEAD if has_validation else ()))
    shown_as = SHOWN_AS | (VALIDATION_SHOWN_AS if has_validation else {})
    return table(head, (_epoch(event, shown_as) for event in trained.epochs), left=0)


def _epoch(event: Event, shown_as: Mapping[str, str]) -> list[str]:
    return [
        str(event.epoch),
        *(shown.format(event.metrics[name]).replace("%", " %") for name, shown in shown_as.items()),
    ]


def _documented(trained: Trained, presets: Sequence[Preset]) -> list[str]:
    """What the document of the preset that the network is reports, beside this run."""
    preset = find_preset(trained.run.architecture, presets)
    if preset is None or preset.documented is None:
        return []
    best, last = preset.documented.best, preset.documented.log[-1]
    images = find_dataset(preset.recipe.dataset).title
    other = (
        ""
        if trained.recipe.dataset == preset.recipe.dataset
        else ", and it is of other images than this run's"
    )
    return [
        "## What the author's log reports",
        f"“{for_markdown(preset.documented.title)}”, on {images}: "
        f"{percent(best.test_accuracy)} at best, after epoch {best.epoch}, "
        f"and {percent(last.test_accuracy)} after the last, {last.epoch}. "
        f"None of it was measured here{other}.",
    ]


def _environment(trained: Trained) -> list[str]:
    run = trained.run
    threads = f", {counted(trained.threads, 'thread')}" if run.device == "cpu" else ""
    return [
        f"Device: {run.environment.device} ({run.device}{threads}), {trained.precision}",
        f"torch {run.environment.torch}, Python {run.environment.python}",
        f"Run {run.id}, started on "
        f"{datetime.fromtimestamp(run.submitted, UTC):%d %B %Y at %H:%M} UTC",
    ]


def _contents(trained: Trained) -> list[tuple[str, str]]:
    has_code, has_weights = not code_problem(trained.recipe), trained.weights is not None
    return [
        *(_SCRIPTS if has_code and has_weights else ()),
        *(_WEIGHTS if has_weights else ()),
        *(_CODE if has_code else ()),
        *_ALWAYS,
    ]


_SCRIPTS = (
    ("evaluate.py", "tests the trained weights: `python evaluate.py` prints the accuracy above"),
    (
        "grade.py",
        "judges the assignment anew: `python grade.py` prints each clause, and exits with 0 "
        "where all hold, 3 where one fails, 4 where one is open",
    ),
)
_WEIGHTS = ((TRAINED_WEIGHTS, "the weights, by the names of the class in the code"),)
_CODE = (
    ("model.py", "the network and its training; `python model.py` trains it again from the start"),
    ("notebook.ipynb", "the same as a notebook"),
)
_ALWAYS = (
    ("architecture.json", "the network, for the explorer"),
    ("run.json", "the recipe and what it was computed with"),
    (GRADE, "the assignment and how it was judged, with checksums of what it depends on"),
    ("epochs.csv", "the table above, in full digits"),
    ("events.csv", "everything that was measured, step by step"),
    ("tensorboard/", "the same for `tensorboard --logdir tensorboard`"),
    ("charts/", "the charts, as SVG and PNG, and their figures as CSV"),
)
