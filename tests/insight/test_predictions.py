"""What answers come to, held against plain loops and scikit-learn."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from explorer.insight.predictions import (
    Confusion,
    Order,
    Predictions,
    agreement,
    class_accuracies,
    confusion_matrix,
    find_images,
    most_frequent_confusions,
)
from explorer.training.answers import Answers


def made(labels: list[int], predicted: list[int], losses: list[float] | None = None) -> Predictions:
    """Answers of probability 1; a loss of 1 each where none are given."""
    loss = torch.tensor(losses if losses is not None else [1.0] * len(labels))
    return Predictions(
        torch.tensor(labels), Answers(torch.tensor(predicted), torch.ones(len(labels)), loss)
    )


@st.composite
def drawn(draw: st.DrawFn) -> tuple[Predictions, int]:
    """Some images of 2 to 47 classes, of which some may have none; losses with many equals."""
    classes, images = draw(st.integers(2, 47)), draw(st.integers(1, 60))
    some = st.lists(st.integers(0, classes - 1), min_size=images, max_size=images)
    losses = st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=images, max_size=images)
    return made(draw(some), draw(some), draw(losses)), classes


@given(drawn())
def test_confusion_is_what_a_plain_loop_counts(given):
    predictions, classes = given
    counts = [[0] * classes for _ in range(classes)]
    for label, predicted in zip(predictions.labels, predictions.answers.predicted, strict=True):
        counts[label][predicted] += 1
    found = confusion_matrix(predictions, classes)
    assert found.tolist() == counts
    assert found.sum() == len(predictions.labels)
    assert np.trace(found) / found.sum() == predictions.accuracy


@given(drawn())
def test_class_accuracies_are_scikit_learns_recall(given):
    predictions, classes = given
    found = class_accuracies(confusion_matrix(predictions, classes))
    expected = metrics.recall_score(
        predictions.labels,
        predictions.answers.predicted,
        labels=range(classes),
        average=None,
        zero_division=np.nan,
    )
    assert [each.label for each in found] == list(range(classes))
    for each, recall in zip(found, expected, strict=True):
        assert (each.accuracy is None) == bool(np.isnan(recall))
        if each.accuracy is not None:
            assert each.accuracy == pytest.approx(recall)
    assert sum(each.images for each in found) == len(predictions.labels)


def test_the_most_frequent_mistakes():
    counts = np.array([[5, 2, 0], [3, 4, 2], [0, 0, 9]])
    assert most_frequent_confusions(counts, 2) == (Confusion(1, 0, 3), Confusion(0, 1, 2))
    assert most_frequent_confusions(counts, 9)[2:] == (Confusion(1, 2, 2),)
    assert most_frequent_confusions(np.diag([3, 4]), 5) == ()


def by_a_plain_loop(predictions, order, label, predicted):
    rows = [
        (index, int(of), int(answer), float(loss))
        for index, (of, answer, loss) in enumerate(
            zip(
                predictions.labels,
                predictions.answers.predicted,
                predictions.answers.loss,
                strict=True,
            )
        )
        if label in (None, int(of)) and predicted in (None, int(answer))
    ]
    keys = {
        Order.WRONG_FIRST: lambda row: (row[1] == row[2], -row[3], row[0]),
        Order.HIGHEST_LOSS: lambda row: (-row[3], row[0]),
        Order.AS_THEY_LIE: lambda row: row[0],
    }
    return [row[0] for row in sorted(rows, key=keys[order])]


@given(drawn(), st.sampled_from(Order), st.data())
def test_images_are_found_as_a_plain_loop_finds_them(given, order, data):
    predictions, classes = given
    some = st.none() | st.integers(0, classes - 1)
    label, predicted = data.draw(some), data.draw(some)
    found = find_images(predictions, order, label, predicted)
    assert found.tolist() == by_a_plain_loop(predictions, order, label, predicted)


@given(drawn())
def test_a_cell_of_the_confusion_matrix_has_as_many_images(given):
    predictions, classes = given
    counts = confusion_matrix(predictions, classes)
    for label, predicted in {(0, 0), (0, classes - 1), (classes - 1, 0)}:
        images = find_images(predictions, Order.WRONG_FIRST, label, predicted)
        assert len(images) == counts[label, predicted]


def test_agreement_of_two_networks():
    labels = [0, 1, 2, 0, 1]
    one, other = made(labels, [0, 1, 2, 1, 0]), made(labels, [0, 1, 0, 0, 2])
    found = agreement(one, other)
    assert found.both.tolist() == [0, 1]
    assert found.only_first.tolist() == [2]
    assert found.only_second.tolist() == [3]
    assert found.neither.tolist() == [4]
    back = agreement(other, one)
    assert back.only_first.tolist() == [3]
    with pytest.raises(ValueError, match="the same images"):
        agreement(one, made([0, 1, 2, 0, 0], [0] * 5))
