"""The lessons that come with the explorer: each opens, fits, and its answers are what `analyze`
says.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache

import pytest
import torch

from explorer.lesson.answers import is_same_answer
from explorer.link import Shared, decode, encode
from explorer.network.analysis import Analysis, Row, analyze
from explorer.network.difference import difference
from explorer.network.spec import (
    AdaptiveAvgPool2d,
    Architecture,
    BatchNorm2d,
    Conv2d,
    Dropout,
    Layer,
    path_text,
)
from explorer.presets import FOLDER
from explorer.ready_lessons import NoSuchLesson, find_lesson, lesson_of, ready_lessons
from explorer.text import size_text
from explorer.training.dataset_files import load_present_dataset
from explorer.training.datasets import DATASETS
from explorer.training.engine import train
from explorer.training.recipe import count_images

LESSONS = ready_lessons()


def with_inserted(network: Architecture, at: int, layer: Layer) -> Architecture:
    layers = (*network.layers[:at], layer, *network.layers[at:])
    return network.model_copy(update={"layers": layers})


def row(id: str, place: int) -> Row:
    return analyze(find_lesson(id).architecture).rows[place]


def with_a_larger_kernel() -> Row:
    network = find_lesson("shapes").architecture
    first, *others = network.layers
    assert isinstance(first, Conv2d)
    layers = (first.model_copy(update={"kernel_size": 5}), *others)
    return analyze(network.model_copy(update={"layers": layers})).rows[4]


def with_global_pooling() -> Analysis:
    network = find_lesson("parameters").architecture
    return analyze(with_inserted(network, 5, AdaptiveAvgPool2d(output_size=1)))


def share_of_linear() -> str:
    analysis = analyze(find_lesson("parameters").architecture)
    return str(round(100 * Fraction(analysis.rows[6].params, analysis.total_params)))


@cache
def accuracies(*inserted: tuple[int, str]) -> list[tuple[float, float]]:
    """Train and test accuracy after each epoch of the lesson on curves, with layers inserted."""
    shared = find_lesson("regularisation")
    network = shared.architecture
    kinds: dict[str, Layer] = {"Dropout": Dropout(p=0.5), "BatchNorm2d": BatchNorm2d()}
    for place, kind in inserted:
        network = with_inserted(network, place, kinds[kind])
    events = train(network, shared.recipe, load_present_dataset("digits"), torch.device("cpu"))
    return [
        (event.metrics["train_accuracy"], event.metrics["test_accuracy"])
        for event in events
        if event.kind == "epoch"
    ]


WITH_DROPOUT = ((9, "Dropout"),)
WITH_BATCH_NORM = ((4, "BatchNorm2d"), (1, "BatchNorm2d"))


def higher(last: tuple[float, float]) -> str:
    """Which of both is higher, by so much that no other processor says otherwise."""
    on_train, on_test = last
    assert abs(on_train - on_test) > 0.05
    return "train" if on_train > on_test else "test"


def batch_norm_learns() -> str:
    network = with_inserted(find_lesson("regularisation").architecture, 4, BatchNorm2d())
    return str(analyze(network).rows[4].params)


ANSWERS: dict[tuple[str, int], Callable[[], str]] = {  # by lesson and step
    ("shapes", 0): lambda: size_text(row("shapes", 0).output_shape),
    ("shapes", 1): lambda: size_text(row("shapes", 2).output_shape),
    ("shapes", 2): lambda: str(row("shapes", 2).receptive_field[1]),
    ("shapes", 3): lambda: str(row("shapes", 4).receptive_field[1]),
    ("shapes", 4): lambda: str(with_a_larger_kernel().receptive_field[1]),
    ("parameters", 0): lambda: f"{row('parameters', 3).params:,}",
    ("parameters", 1): lambda: f"{row('parameters', 6).params:,}",
    ("parameters", 2): share_of_linear,
    ("parameters", 3): lambda: f"{with_global_pooling().rows[7].params:,}",
    ("regularisation", 0): lambda: higher(accuracies()[-1]),
    ("regularisation", 2): lambda: higher(accuracies(*WITH_DROPOUT)[-1]),
    ("regularisation", 1): lambda: f"{1 / (1 - Dropout(p=0.5).p):g}",
    ("regularisation", 3): batch_norm_learns,
}
ASKED = [
    (id, place)
    for id, shared in LESSONS.items()
    for place, step in enumerate(lesson_of(shared).steps)
    if step.answer
]


@pytest.mark.parametrize(("id", "place"), ASKED)
def test_each_answer_is_what_is_computed(id: str, place: int) -> None:
    step = lesson_of(find_lesson(id)).steps[place]
    assert is_same_answer(ANSWERS[id, place](), step.answer)


@pytest.mark.parametrize("shared", LESSONS.values(), ids=LESSONS)
def test_each_fits_its_images_and_selects_a_layer_that_is_there(shared: Shared) -> None:
    lesson = lesson_of(shared)
    analysis = analyze(shared.architecture)
    assert analysis.problem is None
    assert lesson.title
    assert all(step.text and step.question and step.why for step in lesson.steps)
    assert lesson.select in [path_text(each.path) for each in analysis.rows]
    assert DATASETS[shared.recipe.dataset].input_shape == shared.architecture.input_shape
    assert decode(encode(shared)) == shared


def test_figures_in_the_texts_on_curves() -> None:
    shared = find_lesson("regularisation")
    assert analyze(shared.architecture).total_params == 52_138
    images = DATASETS[shared.recipe.dataset].train_images
    assert count_images(shared.recipe, images) == 287
    kinds = [layer.kind for layer in shared.architecture.layers]
    assert (kinds[8], kinds[0], kinds[3]) == ("ReLU", "Conv2d", "Conv2d")

    def passes_half(*inserted: tuple[int, str]) -> int:
        tests = [on_test for _, on_test in accuracies(*inserted)]
        return next(epoch for epoch, found in enumerate(tests, 1) if found > 0.5)

    assert passes_half(*WITH_BATCH_NORM) == 2
    assert passes_half() == passes_half(*WITH_DROPOUT) == 5


def test_figures_in_the_texts_of_parameters() -> None:
    """What is said beside the answers."""
    analysis = analyze(find_lesson("parameters").architecture)
    assert [each.params for each in analysis.rows] == [160, 0, 0, 4640, 0, 0, 62730]
    assert analysis.total_params == 67_530
    assert analysis.rows[2].output_shape == (16, 14, 14)
    assert with_global_pooling().total_params == 5_130
    before, after = analysis.architecture, with_global_pooling().architecture
    assert [path_text(each.path) for each in difference(before, after).changes] == ["5"]


def test_figures_in_the_texts_of_shapes() -> None:
    shapes = [each.output_shape for each in analyze(find_lesson("shapes").architecture).rows]
    assert shapes == [(8, 26, 26), (8, 26, 26), (16, 26, 26), (16, 13, 13), (16, 6, 6)]
    fields = [each.receptive_field[0] for each in analyze(find_lesson("shapes").architecture).rows]
    assert fields == [3, 3, 5, 6, 10]


def test_each_file_is_one_of_them() -> None:
    assert {path.stem for path in (FOLDER / "lessons").iterdir()} == set(LESSONS)


def test_one_that_is_not_there() -> None:
    with pytest.raises(NoSuchLesson, match=r"no lesson “x” here; there are shapes, parameters"):
        find_lesson("x")
