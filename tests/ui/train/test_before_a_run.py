"""What the Train page says before a run, of images that are not here."""

import pytest

from explorer.assignment.assignment import Assignment
from explorer.link import Shared, encode
from explorer.network.spec import Architecture
from explorer.presets import load_presets, measured
from explorer.text import duration
from explorer.training.recipe import Recipe
from tests.tiny import linear, network
from tests.ui.pages import opened

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def facts(dataset: str) -> str:
    side = 28 if dataset == "mnist" else 8
    return told(
        network("Flatten", linear(10), shape=(1, side, side)), Recipe(dataset=dataset, epochs=5)
    )


def told(architecture: Architecture, recipe: Recipe) -> str:
    shared = Shared(architecture, recipe, Assignment())
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


def test_one_slow_run_of_a_preset_does_not_lengthen_what_is_expected():
    preset = load_presets()["under-8k"]
    seconds = sorted(sum(epoch.seconds for epoch in run.epochs) for run in measured(preset.id))
    assert len(seconds) == 3
    assert f"<dd>{duration(seconds[1])} where the runs included with the app were made" in told(
        preset.architecture, preset.recipe
    )
