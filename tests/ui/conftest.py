"""What the tests of the pages share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer.training.own_images.making import Options, make_own_images
from explorer.training.recipe import Recipe
from explorer.ui import people, process
from tests.exports.report.conftest import RECIPE, SMALL
from tests.people.shared import ANN, SOMEBODY
from tests.runs.shared import wait
from tests.tiny import linear, network
from tests.training.own_images.zips import good_zip


@pytest.fixture
def runs_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Neither runs nor images of other tests: the server's folders are this test's, and it ends
    with it. Whoever opens its pages sits at it.
    """
    monkeypatch.setattr(people, "others_reach_it", lambda: False)
    monkeypatch.setattr(people, "sits_at_it", lambda headers: True)
    monkeypatch.setenv("EXPLORER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    process.stop()  # what an earlier test may have opened
    yield
    process.stop()


@pytest.fixture
def small_run(runs_of_its_own: None) -> str:
    """The id of a run of a small network that has finished."""
    run = process.jobs().submit(SMALL, RECIPE, SOMEBODY)
    wait(process.jobs(), run)
    return run


@pytest.fixture
def anns_images(runs_of_its_own: None) -> str:
    """The name of a set of images of Ann's: 48 to train on and 12 to test, of three classes."""
    made = make_own_images(good_zip(20), Options((3, 8, 8)))
    return process.own_images().add(made, "Colours", ANN).name


@pytest.fixture
def own_run(anns_images: str) -> str:
    """The id of a run of Ann's on them that has finished."""
    return train_on(anns_images)


def train_on(images: str, epochs: int = 2) -> str:
    conv = {"kind": "Conv2d", "out_channels": 4, "kernel_size": 3}
    architecture = network(conv, "ReLU", "Flatten", linear(3), shape=(3, 8, 8))
    recipe = Recipe(dataset=images, epochs=epochs, batch_size=16, device="cpu", precision="fp32")
    run = process.jobs().submit(architecture, recipe, ANN)
    wait(process.jobs(), run)
    return run


@pytest.fixture
def as_student(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever opens the pages is a student, and nobody whom the test knows."""
    monkeypatch.setattr(people, "sits_at_it", lambda headers: False)
