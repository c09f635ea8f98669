"""Answers as they are kept."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explorer.runs.answers_format import (
    BYTES_AN_IMAGE,
    LARGEST_LOSS,
    AnswersError,
    answers_bytes,
    answers_from_bytes,
    answers_to_bytes,
)
from explorer.training.answers import Answers


def same_answers(one: Answers, other: Answers) -> bool:
    """Whether two are the same but for the precision in which answers are kept."""
    near = torch.allclose(one.probability, other.probability, rtol=0, atol=0.5 / 255 + 1e-6)
    return (
        torch.equal(one.predicted, other.predicted)
        and near
        and torch.allclose(one.loss, other.loss, rtol=2**-11, atol=1e-7)
    )


@st.composite
def drawn_answers(draw: st.DrawFn) -> Answers:
    images, seed = draw(st.integers(1, 3000)), draw(st.integers(0, 10**6))
    classes = draw(st.sampled_from([2, 10, 47, 100, 256]))
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(images, classes, generator=generator) * draw(st.sampled_from([0.1, 1, 30]))
    return Answers.of(scores, torch.randint(classes, (images,), generator=generator))


@given(drawn_answers())
def test_they_come_back(answers):
    data = answers_to_bytes(answers)
    assert same_answers(answers_from_bytes(data), answers)
    assert len(data) <= answers_bytes(len(answers.predicted))


def test_of_a_network_that_has_learnt_they_take_less_than_three_bytes_an_image():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (10_000,), generator=generator)
    scores = torch.randn(10_000, 10, generator=generator)
    scores[torch.arange(10_000), labels] += 9
    scores[:100] = torch.randn(100, 10, generator=generator)  # and some are not learnt
    answers = Answers.of(scores, labels)
    assert 0.99 < (answers.predicted == labels).float().mean() < 1
    assert len(answers_to_bytes(answers)) < 3 * 10_000


def test_what_is_no_number_is_the_worst_loss():
    answers = Answers(
        torch.tensor([0, 1, 2]),
        torch.tensor([1.0, 0.5, 0.1]),
        torch.tensor([float("nan"), 1e9, float("inf")]),
    )
    assert answers_from_bytes(answers_to_bytes(answers)).loss.tolist() == [LARGEST_LOSS] * 3


def test_more_classes_than_are_kept_are_refused():
    answers = Answers(torch.tensor([256]), torch.tensor([1.0]), torch.tensor([0.0]))
    with pytest.raises(ValueError, match="256 classes"):
        answers_to_bytes(answers)


whole = answers_to_bytes(Answers(torch.arange(9), torch.ones(9), torch.zeros(9)))


@pytest.mark.parametrize(
    "data",
    [b"", b"noise", whole[:-3], whole[:5], bytes(100), whole[:-1] + b"x"],
    ids=["empty", "noise", "cut", "begun", "zeros", "wrong sum"],
)
def test_what_is_damaged_is_refused_in_a_sentence(data):
    with pytest.raises(AnswersError, match="damaged"):
        answers_from_bytes(data)


def test_what_would_fill_the_memory_is_not_read():
    import zlib

    bomb = zlib.compress(bytes(BYTES_AN_IMAGE * 1_000_001))
    assert len(bomb) < 10_000
    with pytest.raises(AnswersError):
        answers_from_bytes(bomb)
