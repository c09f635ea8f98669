"""Own images as a data set like any other: trained on, shared, exported, deleted, forgotten."""

import shutil
import types
from pathlib import Path

import pytest
import torch

from explorer.assignment.assignment import Assignment
from explorer.classroom.forgetting import forget_person
from explorer.classroom.register import Register
from explorer.exports.notebook import notebook_json, training_script
from explorer.link import Shared, decode, encode
from explorer.network.spec import Architecture, ArchitectureError
from explorer.own_images import OwnImages
from explorer.people.permissions import NotAllowed
from explorer.runs.admission import CannotTrain
from explorer.runs.manager import JobManager
from explorer.runs.run import RunError
from explorer.training.dataset_files import load_dataset
from explorer.training.dataset_lookup import find_dataset
from explorer.training.own_images.kept import own_folder
from explorer.training.own_images.making import Options, make_own_images
from explorer.training.problems import find_problem
from explorer.training.recipe import Recipe, parse_recipe, to_json
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import recipe, wait
from tests.tiny import linear, network
from tests.training.own_images.zips import good_zip

SHAPE = (3, 8, 8)


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Own images of Ann's."""
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    return OwnImages().add(make_own_images(good_zip(20), Options(SHAPE)), "Colours", ANN).name


@pytest.fixture
def fitting() -> Architecture:
    return network("Flatten", linear(3), shape=SHAPE)


def test_a_good_one_trains(name: str, fitting: Architecture, manager: JobManager) -> None:
    run_id = manager.submit(fitting, recipe(dataset=name, epochs=5), ANN)
    ended = wait(manager, run_id)
    assert ended.status == "finished"
    assert ended.latest is not None
    assert ended.latest.metrics["test_accuracy"] == 1  # three colours


def test_only_their_owner_and_a_teacher_train_on_them(
    name: str, fitting: Architecture, manager: JobManager
) -> None:
    with pytest.raises(NotAllowed, match="Colours are somebody's own images, and only they or a"):
        manager.submit(fitting, recipe(dataset=name), BEN)
    assert manager.runs() == ()
    wait(manager, manager.submit(fitting, recipe(dataset=name, epochs=1), TEACHER))


def test_once_they_are_deleted_their_runs_stay(
    name: str, fitting: Architecture, manager_on_disk: JobManager
) -> None:
    manager = manager_on_disk
    run_id = manager.submit(fitting, recipe(dataset=name, epochs=1), ANN)
    wait(manager, run_id)
    OwnImages().delete(name, ANN, keep_description=True)
    run = manager.snapshot(run_id).run
    assert find_dataset(run.recipe.dataset).title == "Colours"
    with pytest.raises(CannotTrain, match="they are deleted: choose other images"):
        manager.submit(fitting, recipe(dataset=name, epochs=2), ANN)
    with pytest.raises(RunError, match="they are deleted"):
        manager.continue_run(run_id, 1, ANN)
    assert "load_file" in training_script(fitting, run.recipe)


def test_code_reads_their_file(
    name: str, fitting: Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Recipe(dataset=name, epochs=1)
    assert f"{name}.safetensors" in notebook_json(fitting, own)
    shutil.copy(own_folder() / f"{name}.safetensors", tmp_path)
    monkeypatch.chdir(tmp_path)
    module = types.ModuleType("written")
    exec(training_script(fitting, own), vars(module))
    found = [part.cpu() for part in module.load_data()]
    dataset = load_dataset(name)
    wanted = (
        dataset.train.images,
        dataset.train.labels,
        dataset.test.images,
        dataset.test.labels,
    )
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


def test_a_link_elsewhere_is_read_and_says_that_they_are_not_there(
    name: str, fitting: Architecture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = encode(Shared(fitting, Recipe(dataset=name), Assignment()))
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "another server"))
    shared = decode(link)
    assert shared.recipe.dataset == name
    kind = find_dataset(name)
    problem = find_problem(shared.architecture, kind)
    assert problem is not None
    assert problem.message == kind.absent
    assert problem.fixed is None
    with pytest.raises(ArchitectureError, match="code cannot name these images: the images are"):
        training_script(shared.architecture, shared.recipe)
    assert parse_recipe(to_json(shared.recipe)) == shared.recipe


def test_the_fixes_lead_to_a_network_that_fits(name: str) -> None:
    """The input first, then one output for each class."""
    architecture = network("Flatten", linear(10), shape=(1, 28, 28))
    kind = find_dataset(name)
    for words in ("those of Colours are 3×8×8", "Colours needs 3 outputs, one per class"):
        problem = find_problem(architecture, kind)
        assert problem is not None
        assert words in problem.message
        assert problem.fixed is not None
        architecture = problem.fixed
    assert find_problem(architecture, kind) is None


def test_they_are_forgotten_with_their_owner(name: str, manager: JobManager) -> None:
    register = Register(manager.store.database)
    register.arrive(ANN.id)
    forget_person(ANN.id, TEACHER, manager, register)
    left = [path.name for path in own_folder().iterdir()]
    assert left == [".lock"]  # which is never removed: another server may wait for it
