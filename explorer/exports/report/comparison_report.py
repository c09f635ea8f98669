"""A comparison's report: what several networks are, what they reached, and each of their runs with
all its files.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TypeVar

from explorer.assignment.assignment import Assignment
from explorer.compare.learning import Group, Record
from explorer.compare.mcnemar import Right, first_pair, mcnemar, verdict_text
from explorer.compare.structure import totals
from explorer.compare.verdict import TARGET, Verdict, noise_note, verdict
from explorer.exports.pytorch import class_name, python_source
from explorer.exports.report.markdown import document, table
from explorer.exports.report.run_report import CHARTS, Pictures, Trained, run_report, shown_pictures
from explorer.network.analysis import analyze
from explorer.network.architecture_json import to_json as architecture_to_json
from explorer.network.difference import change_text, difference, difference_text
from explorer.network.mult_adds import MULT_ADDS_RULE
from explorer.network.spec import Architecture, path_text
from explorer.presets import Preset
from explorer.text import for_markdown, percent, short_bytes, size_text
from explorer.training.event import EPOCH_COLUMNS, table_csv


@dataclass(frozen=True)
class Column:
    """One of the networks that are compared."""

    title: str
    architecture: Architecture


def comparison_report(
    columns: Sequence[Column],
    groups: Sequence[Group],
    trained: Mapping[str, tuple[Trained, Pictures]],
    answers: Callable[[Record], Right],
    assignment: Assignment,
    presets: Sequence[Preset],
    pictures: Pictures,
) -> Iterator[tuple[str, bytes]]:
    """All files by their paths, one run's after the other's, so that they are never in memory
    together.

    `trained` has the runs that are reported whole, by id, each with its own charts; `answers` gives
    which test images a run gets right, and may raise LookupError with the reason where that cannot
    be told.
    """
    runs = {
        run_id: f"runs/{_folder(found.run.name, run_id)}" for run_id, (found, _) in trained.items()
    }
    yield "README.md", _readme(columns, groups, runs, answers, presets, pictures).encode()
    for name, picture in pictures.items():
        yield f"{CHARTS}/{name}", picture
    for number, column in enumerate(columns, 1):
        folder = f"networks/{number}-{class_name(column.architecture)}"
        yield (
            f"{folder}/architecture.json",
            (architecture_to_json(column.architecture, 2) + "\n").encode(),
        )
        if analyze(column.architecture).problem is None:
            yield f"{folder}/model.py", python_source(column.architecture).encode()
    yield "epochs.csv", _epochs_csv(groups).encode()
    for run_id, (found, charts) in trained.items():
        for name, content in run_report(found, assignment, presets, charts).items():
            yield f"{runs[run_id]}/{name}", content


def representatives(groups: Iterable[Group], chosen_runs: Collection[str] = ()) -> list[Record]:
    """Choose the run of each group that is reported whole.

    It is one of those that came furthest: one of `chosen_runs`, given by their ids, or else that of
    the lowest seed.
    """
    found = ([record for record in group.furthest if record.run_id] for group in groups)
    return [
        min(records, key=lambda record: record.run_id not in chosen_runs)
        for records in found
        if records
    ]


def _folder(name: str, run_id: str) -> str:
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in name)[:40].strip(
        "-"
    )
    return f"{plain}-{run_id}".lstrip("-")


def _epochs_csv(groups: Sequence[Group]) -> str:
    """Every epoch of every seed of every group, the presets' shipped results too."""
    rows = (
        {"group": number, "seed": record.recipe.seed, "run": record.run_id or "", **asdict(epoch)}
        for number, group in enumerate(groups, 1)
        for record in group.records
        for epoch in record.epochs
    )
    return table_csv(("group", "seed", "run", "epoch", *EPOCH_COLUMNS), rows)


# --- README.md ------------------------------------------------------------------------------------


def _readme(
    columns: Sequence[Column],
    groups: Sequence[Group],
    runs: Mapping[str, str],
    answers: Callable[[Record], Right],
    presets: Sequence[Preset],
    pictures: Pictures,
) -> str:
    verdicts = [verdict(group, presets) for group in groups]
    return document(
        f"# {for_markdown(' · '.join(column.title for column in columns))}",
        "## The networks",
        table(NETWORK_HEAD, map(_network, columns)),
        f"Mult-adds: {MULT_ADDS_RULE}",
        *_differences(columns),
        "## What they reached",
        table(
            VERDICT_HEAD,
            [_verdict(number, found) for number, found in enumerate(verdicts, 1)],
            left=2,
        )
        if verdicts
        else "",
        f"{_ABOUT_FIGURES} {noise_note(groups)}" if verdicts else "None of them has been trained.",
        *_pairs(groups, answers),
        *(["## Charts"] if pictures else []),
        shown_pictures(pictures),
        "## The files",
        "\n".join(f"- {line}" for line in _contents(groups, runs)),
    )


T = TypeVar("T")

NETWORK_HEAD = (
    "Network",
    "Layers",
    "with parameters",
    "Parameters",
    "Multiply-adds per image",
    "Memory per image",
    "Receptive field",
)


def _network(column: Column) -> list[str]:
    found = totals(analyze(column.architecture))
    return [
        for_markdown(column.title),
        str(found.layers),
        str(found.layers_with_params),
        f"{found.params:,}",
        f"{found.mult_adds:,}",
        short_bytes(found.activation_bytes),
        size_text(found.receptive_field),
    ]


def _differences(columns: Sequence[Column]) -> list[str]:
    """How each network differs from the first."""
    first, *others = columns
    parts = [f"### What differs from {for_markdown(first.title)}"]
    for other in others:
        found = difference(first.architecture, other.architecture)
        changes = "\n".join(
            f"- {path_text(change.path)} {for_markdown(change_text(change))}"
            for change in found.changes
        )
        parts += [
            f"**{for_markdown(other.title)}**: {for_markdown(difference_text(found))}",
            changes,
        ]
    return parts


VERDICT_HEAD = (
    "",
    "Network and recipe",
    "Seeds",
    "Epochs",
    "Final",
    "±",
    "Best",
    "Best in author's log",
    f"Epochs to {percent(TARGET, 1)}",
    "Seconds per epoch",
    "Iterations/s",
    "Author's it/s",
    "Parameters",
    "Accuracy points per 1,000 parameters",
)


def _verdict(number: int, found: Verdict) -> list[str]:
    documented = found.documented
    return [
        str(number),
        for_markdown(found.label),
        str(found.seeds),
        str(found.epochs),
        _known(found.final, percent),
        _known(found.final_deviation, percent),
        _known(found.best, percent),
        percent(documented.best) if documented else "",
        _known(found.epochs_to_target, str),
        _known(found.seconds_an_epoch, "{:.1f}".format),
        _known(found.iterations_per_second, "{:.1f}".format),
        f"{documented.iterations_per_second:.1f}" if documented else "",
        f"{found.parameters:,}",
        _known(found.accuracy_per_parameter, "{:.2f}".format),
    ]


def _known(value: T | None, write: Callable[[T], str]) -> str:
    """Nothing where the figure is not known: an empty cell is no zero."""
    return "" if value is None else write(value)


_ABOUT_FIGURES = (
    "Final is the test accuracy after the last epoch, the mean over seeds, "
    "± their standard deviation; best is the mean of each seed's best epoch, "
    "chosen on the validation images where the recipe holds some out, else on the test set, "
    "which is optimistic. "
    "What the author logged was not measured here. "
    "Accuracy points per 1,000 parameters count the points above chance."
)


def _pairs(groups: Sequence[Group], answers: Callable[[Record], Right]) -> list[str]:
    """Compare any two groups that were trained here and tested on the same images."""
    lines = []
    for a, b in combinations(groups, 2):
        pair = first_pair(a, b)
        if pair is None:
            continue
        try:
            found = mcnemar(*(answers(record) for record in pair))
        except LookupError as error:
            lines.append(
                f"- {for_markdown(a.label)} and {for_markdown(b.label)}: {for_markdown(str(error))}"
            )
            continue
        seeds = " and ".join(f"seed {record.recipe.seed}" for record in pair)
        lines.append(f"- {for_markdown(verdict_text(found, a.label, b.label))} ({seeds})")
    if not lines:
        return []
    return [
        "### Is the difference significant?",
        "McNemar's test, exact, on the same test images:",
        "\n".join(lines),
    ]


def _contents(groups: Sequence[Group], runs: Mapping[str, str]) -> list[str]:
    lines = [
        "`networks/`: each network, as the explorer reads it and as a class",
        "`charts/`: the charts, as SVG and PNG, and their figures as CSV",
    ]
    if groups:
        lines.append("`epochs.csv`: every epoch of every seed, by the table's numbers")
    return [
        *lines,
        *(
            f"[`{folder}`]({folder}/README.md): a run with its weights and all that made it"
            for folder in runs.values()
        ),
    ]
