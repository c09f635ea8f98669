"""Own images as they are kept for people: who may do what, and how much."""

from pathlib import Path

import pytest

from explorer import own_images
from explorer.files import take_lock
from explorer.own_images import OwnImages
from explorer.people.permissions import NotAllowed
from explorer.people.person import Person, Role
from explorer.runs.images_access import check_images, may_see_images
from explorer.training.dataset_lookup import find_dataset
from explorer.training.own_images.kept import DELETED, NOT_HERE
from explorer.training.own_images.making import Made, Options, make_own_images
from explorer.training.own_images.problem import OwnImagesError
from tests.training.own_images.zips import good_zip

ANN, BEN, TESS = Person("ann", "Ann"), Person("ben", "Ben"), Person("t", "Tess", Role.TEACHER)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="module")
def made() -> Made:
    return make_own_images(good_zip(), Options((1, 8, 8)))


def test_each_has_their_own_by_title(made: Made) -> None:
    kept = OwnImages()
    assert kept.of("ann") == ()
    second, first = kept.add(made, "Leaves", ANN), kept.add(made, "  buttons\n ", ANN)
    kept.add(made, "Leaves", BEN)
    assert kept.of("ann") == (first, second)
    assert first.about.title == "buttons"
    assert first.size > 12 * 64
    assert OwnImages().of("ann") == (first, second)


def test_who_may_see_and_delete_them(made: Made) -> None:
    kept = OwnImages()
    name = kept.add(made, "Leaves", ANN).name
    assert [may_see_images(person, name) for person in (ANN, BEN, TESS)] == [True, False, True]
    assert may_see_images(BEN, "mnist")
    check_images(TESS, name)
    with pytest.raises(NotAllowed, match="Leaves are somebody's own images, and only they or a"):
        check_images(BEN, name)
    assert kept.images_file(name, TESS).is_file()
    for forbidden in (kept.images_file, kept.delete):
        with pytest.raises(NotAllowed):
            forbidden(name, BEN)
    kept.delete(name, TESS)
    assert kept.of("ann") == ()
    assert find_dataset(name).absent == NOT_HERE
    with pytest.raises(OwnImagesError, match="not on this server"):
        kept.delete(name, ANN)


def test_what_runs_were_trained_on_keeps_its_title(made: Made, home: Path) -> None:
    kept = OwnImages()
    name = kept.add(made, "Leaves", ANN).name
    kept.delete(name, ANN, keep_description=True)
    assert kept.of("ann") == ()
    assert (find_dataset(name).title, find_dataset(name).absent) == ("Leaves", DELETED)
    assert may_see_images(ANN, name)
    kept.add(made, "Leaves", ANN)  # the title is free again
    assert kept.delete_all_of("ann", ANN) == 2
    assert find_dataset(name).absent == NOT_HERE
    assert [path.name for path in (home / "own-images").iterdir()] == [".lock"]


def test_another_server_waits_until_one_has_kept_its_images(
    made: Made, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_images, "LOCK_SECONDS", 0.05)
    kept = OwnImages()
    name = kept.add(made, "Leaves", ANN).name
    lock = take_lock(home / "own-images" / ".lock")
    assert lock is not None
    for change in (
        lambda: OwnImages().add(made, "Buttons", ANN),
        lambda: OwnImages().delete(name, ANN),
        lambda: OwnImages().delete_all_of("ann", ANN),
    ):
        with pytest.raises(OwnImagesError, match="try again in a moment"):
            change()
    lock.release()
    assert OwnImages().delete_all_of("ann", ANN) == 1


def test_images_that_a_killed_server_left_without_a_description_are_swept(
    made: Made, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = OwnImages()
    left = kept.add(made, "Leaves", ANN).name
    stays = kept.add(made, "Buttons", ANN).name
    images = home / "own-images" / f"{left}.safetensors"
    (home / "own-images" / f"{left}.json").unlink()
    kept.add(made, "Leaves", ANN)
    assert images.exists()  # it may be being written at this moment
    monkeypatch.setattr(own_images, "ABANDONED", 0.0)
    kept.add(made, "Trees", ANN)
    assert not images.exists()
    assert (home / "own-images" / f"{stays}.safetensors").exists()


def test_a_description_that_cannot_be_read_just_now_can_be_later(
    made: Made, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = OwnImages().add(made, "Leaves", ANN).name
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        assert find_dataset(name).absent == NOT_HERE
    assert find_dataset(name).title == "Leaves"


def refuse(*args: object, **kwargs: object) -> None:
    raise OSError(24, "Too many open files")


def test_all_of_a_person_are_deleted_by_them_or_a_teacher(made: Made) -> None:
    kept = OwnImages()
    kept.add(made, "Leaves", ANN)
    others = kept.add(made, "Leaves", BEN)
    with pytest.raises(NotAllowed):
        kept.delete_all_of("ann", BEN)
    assert kept.delete_all_of("ann", TESS) == 1
    assert kept.of("ben") == (others,)


@pytest.mark.parametrize("title", ["", " \n", "\u200b", "x" * 61])
def test_a_title_is_needed(title: str, made: Made) -> None:
    with pytest.raises(OwnImagesError, match="a title of 1 to 60 characters"):
        OwnImages().add(made, title, ANN)


def test_what_one_person_keeps_is_bounded(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = OwnImages()
    first = kept.add(made, "Leaves", ANN)
    with pytest.raises(OwnImagesError, match="you have images called “LEAVES” already"):
        kept.add(made, "LEAVES", ANN)
    monkeypatch.setattr(own_images, "MOST_BYTES_OF_A_PERSON", first.size)
    with pytest.raises(OwnImagesError, match="is the most for one person: delete some"):
        kept.add(made, "More", ANN)
    monkeypatch.setattr(own_images, "MOST_OF_A_PERSON", 1)
    with pytest.raises(OwnImagesError, match="you keep 1 sets of images, and 1 is the most"):
        kept.add(made, "More", ANN)
    kept.add(made, "Teaching", TESS)
    kept.add(made, "More of it", TESS)
    monkeypatch.setattr(own_images, "MOST_HERE", 3)
    with pytest.raises(OwnImagesError, match="3 sets of images are kept on this server"):
        kept.add(made, "Even more", TESS)


def test_the_disks_reserve_stays_free(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_RESERVE_MB", "999999999")
    with pytest.raises(OwnImagesError, match="that are kept free there"):
        OwnImages().add(made, "Leaves", ANN)


def test_nobody_keeps_images_for_nobody(made: Made) -> None:
    with pytest.raises(NotAllowed, match="who you are cannot be told"):
        OwnImages().add(made, "Leaves", Person("", ""))


def test_a_folder_that_cannot_be_written(made: Made, home: Path) -> None:
    home.write_text("in the way")
    with pytest.raises(OwnImagesError, match=r"cannot be kept on this server \(.*\): tell whoever"):
        OwnImages().add(made, "Leaves", ANN)


def test_files_of_others_are_left_out(made: Made, home: Path) -> None:
    kept = OwnImages()
    mine = kept.add(made, "Leaves", ANN)
    for name in ("own-x.json", "own-abcdefgh-3-1x28x28.json", "notes.txt"):
        (home / "own-images" / name).write_text("{}")
    assert kept.of("ann") == (mine,)
