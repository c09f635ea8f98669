"""What a run has learnt: its accuracy by class, what it takes for what, and its worst images."""

import argparse
import json
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

import torch

from explorer.home_folder import home_folder
from explorer.insight.measuring import Measured, measure
from explorer.insight.predictions import (
    Counts,
    Order,
    Predictions,
    class_accuracies,
    confusion_matrix,
    find_images,
    most_frequent_confusions,
)
from explorer.refusal import Refusal
from explorer.runs.run import Run
from explorer.runs.run_weights import LearnedWeights, RunWeights
from explorer.runs.store import Store
from explorer.shell.training import add_data, add_id
from explorer.text import counted, percent
from explorer.training.dataset_files import load_dataset
from explorer.training.devices import available_devices

WORST = 10  # images, by default
MISTAKES = 5  # that are made most often


class _Insight(NamedTuple):
    """What is told of a run."""

    run: Run
    weights: LearnedWeights
    classes: tuple[str, ...]
    measured: Measured
    predictions: Predictions
    confusion: Counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_id(parser)
    parser.add_argument(
        "--epoch",
        type=_whole,
        metavar="N",
        help="after which epoch, of those whose weights are kept (default: the last)",
    )
    parser.add_argument(
        "--worst",
        type=_whole,
        metavar="N",
        default=WORST,
        help=f"how many of the images with the highest loss (default: {WORST})",
    )
    add_data(parser)


def _whole(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError
    return value


def run(options: argparse.Namespace) -> int:
    found = _insight(options)
    print(
        json.dumps(_data(found, options.worst), ensure_ascii=False)
        if options.json
        else _text(found, options.worst)
    )
    return 0


def _insight(options: argparse.Namespace) -> _Insight:
    with closing(Store(home_folder())) as store:
        kept = store.stored_run(options.id).run
        weights = RunWeights(store).read(options.id, options.epoch)
        epochs = sorted(store.checkpoints.epochs(options.id))
    if options.epoch not in (None, weights.epoch):
        raise Refusal(
            f"the weights of run {options.id} after epoch {options.epoch} are not kept; those "
            f"after epoch {', '.join(map(str, epochs))} are"
        )
    dataset = load_dataset(kept.recipe.dataset, options.data)
    device = torch.device(kept.device if kept.device in available_devices() else "cpu")
    measured = measure(kept.architecture, weights.weights, dataset, weights.precision, device)
    predictions = Predictions(dataset.test.labels, measured.answers)
    classes = dataset.kind.classes
    confusion = confusion_matrix(predictions, len(classes))
    return _Insight(kept, weights, classes, measured, predictions, confusion)


def _worst(found: _Insight, most: int) -> list[dict[str, Any]]:
    """The images with the highest loss."""
    labels, answers = found.predictions.labels, found.measured.answers
    return [
        {
            "index": int(index),
            "label": found.classes[int(labels[index])],
            "predicted": found.classes[int(answers.predicted[index])],
            "probability": answers.probability[index].item(),
            "loss": answers.loss[index].item(),
        }
        for index in find_images(found.predictions, Order.HIGHEST_LOSS)[:most]
    ]


def _data(found: _Insight, worst: int) -> dict[str, Any]:
    return {
        "run": found.run.id,
        "epoch": found.weights.epoch,
        "accuracy": found.measured.accuracy,
        "loss": found.measured.loss,
        "classes": list(found.classes),
        "class_accuracy": [each.accuracy for each in class_accuracies(found.confusion)],
        "confusion": found.confusion.tolist(),
        "worst": _worst(found, worst),
    }


def _text(found: _Insight, worst: int) -> str:
    name, epoch = found.run.architecture.name, found.weights.epoch
    lines = [
        f"{name} after epoch {epoch}: test accuracy {percent(found.measured.accuracy)}, "
        f"test loss {found.measured.loss:.4f}",
        *([f"note: {found.weights.note}"] if found.weights.note else []),
        "",
        *_table(
            ("class", "images", "right", "accuracy"),
            [
                (
                    found.classes[each.label],
                    str(each.images),
                    str(each.right),
                    "–" if each.accuracy is None else percent(each.accuracy),
                )
                for each in class_accuracies(found.confusion)
            ],
        ),
    ]
    mistakes = most_frequent_confusions(found.confusion, MISTAKES)
    if mistakes:
        lines += ["", "most frequent mistakes"]
    lines += [
        f"{found.classes[each.label]} taken for {found.classes[each.predicted]}: "
        f"{counted(each.images, 'image')}"
        for each in mistakes
    ]
    shown = _worst(found, worst)
    rows = [
        (
            str(each["index"]),
            each["label"],
            each["predicted"],
            percent(each["probability"]),
            f"{each['loss']:.4g}",
        )
        for each in shown
    ]
    lines += ["", f"worst {counted(len(shown), 'image')}"]
    lines += _table(("test image", "class", "answer", "probability", "loss"), rows)
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns, numbers to the right: all but names."""
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    names = {"class", "answer"}
    return [
        "  ".join(
            cell.ljust(width) if head in names else cell.rjust(width)
            for head, cell, width in zip(heads, row, widths, strict=True)
        ).rstrip()
        for row in (heads, *rows)
    ]
