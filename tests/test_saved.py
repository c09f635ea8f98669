"""What is saved under a name: whole, by its owner, within limits."""

import json

import pytest

from explorer import saved
from explorer.link import Shared
from explorer.network.spec import Architecture, ReLU
from explorer.presets import load_presets
from explorer.saved import MAX_NAME, SavedStore, SaveError

GAP = Shared(load_presets()["gap-17k"].architecture, load_presets()["gap-17k"].recipe)
SMALL = Shared(Architecture(layers=(ReLU(),)))


def test_saved_and_read_by_another_process(tmp_path):
    store = SavedStore(tmp_path / "deep" / "folder")
    assert store.all() == ()
    store.save("  my \n net ", GAP, "anna")
    store.save("Zweites Netz · 二", SMALL, "anna")
    store.save("a", SMALL, "ben")
    again = SavedStore(store.folder)
    assert [(each.name, each.owner) for each in again.all()] == [("a", "ben"), ("my net", "anna"), ("Zweites Netz · 二", "anna")]
    assert again.all()[1].shared == GAP
    assert all(file.suffix == ".json" for file in store.folder.iterdir())


def test_only_its_owner_replaces_and_deletes(tmp_path):
    store = SavedStore(tmp_path)
    store.save("net", GAP, "anna")
    store.save("net", SMALL, "anna")
    assert [each.shared for each in store.all()] == [SMALL]
    with pytest.raises(SaveError, match="“Net” is taken; choose another name"):
        store.save("Net", GAP, "ben")
    with pytest.raises(SaveError, match="saved from another page"):
        store.delete("net", "ben")
    store.delete("net", "anna")
    store.delete("net", "anna")
    assert store.all() == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * (MAX_NAME + 1), "\x00", "\u202e\ufffe", "\u3164"])
def test_names_that_will_not_do(tmp_path, name):
    with pytest.raises(SaveError, match="1 to 60 characters"):
        SavedStore(tmp_path).save(name, SMALL, "anna")


@pytest.mark.parametrize("name", ["a\x00b", "a\u202eb", "\x08ab", "a\ufffeb", "a\u200bb"])
def test_a_name_is_kept_without_what_cannot_be_seen(tmp_path, name):
    store = SavedStore(tmp_path)
    assert store.save(name, SMALL, "anna").name == "ab"
    assert [each.name for each in SavedStore(tmp_path).all()] == ["ab"]


def test_a_file_with_a_name_that_cannot_be_seen_whole_is_shown_and_deleted(tmp_path):
    store = SavedStore(tmp_path)
    store.save("ab", SMALL, "anna")
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps(json.loads(file.read_text()) | {"name": "a\u202eb"}))
    file.rename(tmp_path / saved._file_name("a\u202eb"))
    assert [each.name for each in store.all()] == ["ab"]
    store.delete("ab", "anna")
    assert store.all() == ()


@pytest.mark.parametrize("name", ["../../etc/passwd", "/root/x", "CON", ".", "..", "a/b", "…", "~", "x" * MAX_NAME, "𝓃𝑒𝓉"])
def test_names_that_no_file_has(tmp_path, name):
    store = SavedStore(tmp_path / "inside")
    store.save(name, SMALL, "anna")
    assert [each.name for each in store.all()] == [name]
    assert [file.name for file in tmp_path.iterdir()] == ["inside"]
    assert len(list(store.folder.iterdir())) == 1


def test_files_that_are_none_of_ours_are_left_out(tmp_path, caplog):
    store = SavedStore(tmp_path)
    store.save("net", SMALL, "anna")
    (file,) = tmp_path.iterdir()
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
    store.save("net", SMALL, "anna")
    assert store.all()[0].owner == "anna"
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps({**json.loads(file.read_text()), "owner": "ben"}))
    assert store.all()[0].owner == "ben"
    file.unlink()
    assert store.all() == ()


def test_limits(tmp_path, monkeypatch):
    monkeypatch.setattr(saved, "MAX_SAVED", 2)
    store = SavedStore(tmp_path)
    store.save("a", SMALL, "anna")
    store.save("b", SMALL, "anna")
    with pytest.raises(SaveError, match="2 networks are saved here, which is the limit"):
        store.save("c", SMALL, "anna")
    store.save("b", GAP, "anna")


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="cannot be written"):
        SavedStore(tmp_path / "file" / "folder").save("a", SMALL, "anna")
