"""What the Train page says before a run, of images that are not here."""

import pytest

from explorer.assignment.assignment import Assignment
from explorer.link import Shared, encode
from explorer.training.recipe import Recipe
from tests.tiny import linear, network
from tests.ui.pages import opened

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def facts(dataset: str) -> str:
    side = 28 if dataset == "mnist" else 8
    shared = Shared(
        network("Flatten", linear(10), shape=(1, side, side)),
        Recipe(dataset=dataset, epochs=5),
        Assignment(),
    )
    app = opened("train", a=encode(shared))
    return " ".join(str(each.proto.body) for each in app.get("html"))


def test_those_that_everybody_has_are_downloaded():
    found = facts("mnist")
    assert "60,000 to train on, 10,000 to test; not on this server yet, downloaded first" in found
    assert "5 epochs of 469 steps, 2,345 steps in all" in found


def test_somebodys_own_are_not_here_and_cannot_be():
    found = facts("own-k7f2m4qa-10-1x8x8")
    assert "<dt>Images</dt><dd>the images are somebody" in found
    assert "<dt>Length</dt><dd>5 epochs</dd>" in found
    assert "downloaded first" not in found
