"""What is saved under a name: whole, by its owner, within limits."""

import errno
import json
import os
import subprocess
import sys
import time

import pytest

from explorer import files, saved
from explorer.link import Shared
from explorer.network.spec import Architecture, ReLU
from explorer.people.permissions import NotAllowed
from explorer.presets import load_presets
from explorer.saved import MAX_NAME, SavedStore, SaveError
from tests.people.shared import ANNA, BEN, TEACHER

GAP = Shared(load_presets()["gap-17k"].architecture, load_presets()["gap-17k"].recipe)
SMALL = Shared(Architecture(layers=(ReLU(),)))


def test_saved_and_read_by_another_process(tmp_path):
    store = SavedStore(tmp_path / "deep" / "folder")
    assert store.all() == ()
    store.save("  my \n net ", GAP, ANNA)
    store.save("Zweites Netz · 二", SMALL, ANNA)
    store.save("a", SMALL, BEN)
    again = SavedStore(store.folder)
    assert [(each.name, each.owner) for each in again.all()] == [
        ("a", "ben"),
        ("my net", "anna"),
        ("Zweites Netz · 二", "anna"),
    ]
    assert again.all()[1].shared == GAP
    assert all(file.suffix == ".json" or file.name == ".lock" for file in store.folder.iterdir())


def test_only_its_owner_replaces_and_deletes(tmp_path):
    store = SavedStore(tmp_path)
    store.save("net", GAP, ANNA)
    store.save("net", SMALL, ANNA)
    assert [each.shared for each in store.all()] == [SMALL]
    with pytest.raises(SaveError, match="“Net” is already in use; choose another name"):
        store.save("Net", GAP, BEN)
    with pytest.raises(
        NotAllowed,
        match="this saved network belongs to somebody else, and only they or a teacher can delete it",
    ):
        store.delete("net", BEN)
    store.delete("net", ANNA)
    store.delete("net", ANNA)
    assert store.all() == ()


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * (MAX_NAME + 1), "\x00", "\u202e\ufffe", "\u3164"]
)
def test_names_that_will_not_do(tmp_path, name):
    with pytest.raises(SaveError, match="1 to 60 characters"):
        SavedStore(tmp_path).save(name, SMALL, ANNA)


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eb", "\x08ab", "a\ufffeb", "a\u200bb"])
def test_a_name_is_kept_without_what_cannot_be_seen(tmp_path, name):
    store = SavedStore(tmp_path)
    assert store.save(name, SMALL, ANNA).name == "ab"
    assert [each.name for each in SavedStore(tmp_path).all()] == ["ab"]


def test_a_file_with_a_name_that_cannot_be_seen_whole_is_shown_and_deleted(tmp_path):
    store = SavedStore(tmp_path)
    store.save("ab", SMALL, ANNA)
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps(json.loads(file.read_text()) | {"name": "a\u202eb"}))
    file.rename(tmp_path / saved.file_name("a\u202eb"))
    assert [each.name for each in store.all()] == ["ab"]
    store.delete("ab", ANNA)
    assert store.all() == ()


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/root/x", "CON", ".", "..", "a/b", "…", "~", "x" * MAX_NAME, "𝓃𝑒𝓉"],
)
def test_names_that_no_file_has(tmp_path, name):
    store = SavedStore(tmp_path / "inside")
    store.save(name, SMALL, ANNA)
    assert [each.name for each in store.all()] == [name]
    assert [file.name for file in tmp_path.iterdir()] == ["inside"]
    assert len(list(store.folder.glob("*.json"))) == 1


def test_files_that_are_none_of_ours_are_left_out(tmp_path, caplog):
    store = SavedStore(tmp_path)
    store.save("net", SMALL, ANNA)
    (file,) = tmp_path.glob("*.json")
    (tmp_path / "renamed.json").write_text(file.read_text())
    (tmp_path / "half.json").write_text(file.read_text()[:20])
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "large.json").write_text(" " * 1_000_000)
    (tmp_path / "note.txt").write_text("hello")
    assert [each.name for each in store.all()] == ["net"]
    assert caplog.text.count("is left out") == 5
    assert [each.name for each in store.all()] == ["net"]
    assert caplog.text.count("is left out") == 5  # said once, and not read again


def test_a_file_changed_from_outside_is_read_again(tmp_path):
    store = SavedStore(tmp_path)
    store.save("net", SMALL, ANNA)
    assert store.all()[0].owner == "anna"
    (file,) = tmp_path.glob("*.json")
    file.write_text(json.dumps({**json.loads(file.read_text()), "owner": "ben"}))
    assert store.all()[0].owner == "ben"
    file.unlink()
    assert store.all() == ()


def test_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "MAX_SAVED", 2)
    store = SavedStore(tmp_path)
    store.save("a", SMALL, ANNA)
    store.save("b", SMALL, ANNA)
    with pytest.raises(SaveError, match="2 networks are saved here, which is the limit") as told:
        store.save("c", SMALL, ANNA)
    # The server's folders are not the visitors' concern.
    assert str(tmp_path) not in str(told.value)
    store.save("b", GAP, ANNA)


def test_a_student_saves_so_many_and_a_teacher_any(tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "MOST_OF_A_PERSON", 2)
    store = SavedStore(tmp_path)
    for name in ("a", "b"):
        store.save(name, SMALL, ANNA)
    with pytest.raises(SaveError, match="you have saved 2 networks, and 2 is the most"):
        store.save("c", SMALL, ANNA)
    store.save("b", GAP, ANNA)  # in place of their own
    store.save("d", SMALL, BEN)
    for name in ("e", "f", "g"):
        store.save(name, SMALL, TEACHER)
    store.delete("a", ANNA)
    store.save("c", SMALL, ANNA)
    assert sorted(each.name for each in store.all() if each.owner == ANNA.id) == ["b", "c"]


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        SaveError, match="cannot be written: Not a directory; tell whoever runs it"
    ) as told:
        SavedStore(tmp_path / "file" / "folder").save("a", SMALL, ANNA)
    assert str(tmp_path) not in str(told.value)


def test_a_file_that_vanishes_while_the_folder_is_read_hides_no_other(tmp_path, monkeypatch):
    """Another server deletes one at that moment: a name that is taken stays taken, and the list
    stays whole.
    """
    store = SavedStore(tmp_path)
    store.save("anna's", GAP, ANNA)
    listed = os.scandir

    class Vanishing:
        """A directory entry whose file is gone."""

        name = "gone.json"

        def stat(self):
            raise FileNotFoundError(errno.ENOENT, "gone")

        is_file = stat

    class Folder(list):
        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(saved.os, "scandir", lambda folder: Folder([Vanishing(), *listed(folder)]))
    assert [each.name for each in store.all()] == ["anna's"]
    with pytest.raises(SaveError, match="is already in use"):
        store.save("anna's", SMALL, BEN)
    assert store.all()[0].shared == GAP


@pytest.mark.parametrize("seen", ["nothing", "an old list"])
def test_what_another_server_saved_a_moment_ago_is_not_overwritten(seen, tmp_path, monkeypatch):
    """Whatever this server believes to be there, the file itself decides."""
    ours, theirs = SavedStore(tmp_path), SavedStore(tmp_path)
    ours.save("other", SMALL, BEN)
    theirs.save("net", GAP, ANNA)
    monkeypatch.setattr(ours, "_files", list if seen == "nothing" else ours._files()[:1].copy)
    with pytest.raises(SaveError, match="“net” is already in use"):
        ours.save("net", SMALL, BEN)
    assert [each.shared for each in theirs.all() if each.name == "net"] == [GAP]


def test_a_file_that_cannot_be_read_is_not_overwritten(tmp_path):
    store = SavedStore(tmp_path)
    store.save("net", SMALL, ANNA)
    (file,) = tmp_path.glob("*.json")
    file.write_text("half of a fi")
    with pytest.raises(SaveError, match="is already in use"):
        store.save("net", SMALL, ANNA)
    assert file.read_text() == "half of a fi"


SAVING = """
import sys
from pathlib import Path
from explorer.link import Shared
from explorer.network.spec import Architecture, ReLU
from explorer.people.person import Person
from explorer.saved import SavedStore, SaveError
store, owner = SavedStore(Path(sys.argv[1])), Person(sys.argv[2], sys.argv[2])
input()
for number in range(30):
    try:
        store.save(f"net {number}", Shared(Architecture(layers=(ReLU(),))), owner)
        print(number, flush=True)
    except SaveError as error:
        assert "is already in use" in str(error), error
"""


@pytest.mark.slow
def test_of_two_servers_that_save_the_same_names_at_once_one_gets_each(tmp_path):
    commands = [[sys.executable, "-c", SAVING, str(tmp_path), owner] for owner in ("anna", "ben")]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    won = [set(process.communicate(timeout=120)[0].split()) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert won[0] | won[1] == {str(number) for number in range(30)}
    assert not won[0] & won[1]
    owners = {each.name: each.owner for each in SavedStore(tmp_path).all()}
    for owner, names in zip(("anna", "ben"), won, strict=True):
        assert {name for name, whose in owners.items() if whose == owner} == {
            f"net {number}" for number in names
        }


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    store = SavedStore(tmp_path)
    store.save("net", GAP, ANNA)

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(SaveError, match="cannot be written: No space left on device"):
            store.save("net", SMALL, ANNA)
    assert store.all()[0].shared == GAP
    assert not list(tmp_path.glob("*.part"))


def test_what_a_killed_write_left_is_deleted(tmp_path):
    for name, age in (("old", 3600), ("now", 0)):
        (tmp_path / f"{name}.json.part").write_text("half")
        os.utime(tmp_path / f"{name}.json.part", (time.time() - age,) * 2)
    SavedStore(tmp_path)
    assert [file.name for file in tmp_path.glob("*.part")] == ["now.json.part"]
