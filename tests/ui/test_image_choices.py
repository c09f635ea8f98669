"""Which images a visitor can choose, and what an input calls them."""

import pytest

from explorer.people.person import Person
from explorer.training.datasets import DATASETS
from explorer.ui import image_choices as choices
from explorer.ui import process
from tests.people.shared import ANN, BEN, TEACHER


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> list[Person]:
    """Who looks at the page: the last one does."""
    visitors = [ANN]
    monkeypatch.setattr(choices, "who", lambda: visitors[-1])
    return visitors


def test_each_is_offered_their_own_and_what_is_chosen_already(
    anns_images: str, visitor: list[Person]
) -> None:
    assert list(choices.image_choices("mnist")) == [*DATASETS, anns_images]
    assert list(choices.image_choices(anns_images)) == [*DATASETS, anns_images]
    visitor.append(BEN)
    assert list(choices.image_choices("mnist")) == list(DATASETS)
    assert list(choices.image_choices(anns_images)) == [*DATASETS, anns_images]


def test_a_title_says_whose_they_are_and_whether_they_are_here(
    anns_images: str, visitor: list[Person]
) -> None:
    def title() -> str:
        return choices.image_choices(anns_images)[anns_images]

    assert choices.image_choices(anns_images)["mnist"] == "MNIST"
    assert title() == "Colours, your own"
    with_sizes = choices.image_choices_with_sizes(anns_images)
    assert with_sizes[anns_images] == "Colours, your own · 3×8×8"
    visitor.append(TEACHER)
    assert title() == "Colours, somebody’s own"
    process.own_images().delete(anns_images, ANN, keep_description=True)
    assert title() == "Colours, deleted"
    process.own_images().delete(anns_images, ANN)
    assert title() == "Own images, not here"


def test_somebody_elses_cannot_be_chosen_but_by_a_teacher(
    anns_images: str, visitor: list[Person]
) -> None:
    chosen = {}
    for person in (ANN, BEN, TEACHER):
        visitor.append(person)
        chosen[person.name] = choices.can_be_chosen(anns_images)
        assert choices.can_be_chosen("digits")
        assert not choices.can_be_chosen("imagenet")
    assert chosen == {"Ann": True, "Ben": False, "Tess": True}
