"""Work that the server keeps because it is too long for an address."""

from pathlib import Path

import pytest

from explorer import kept_work
from explorer.kept_work import KeptWork, new_id
from explorer.link import LinkError, Shared
from explorer.presets import load_presets

SHARED = Shared(load_presets()["gap-17k"].architecture, start="gap-17k")
OTHER = Shared(load_presets()["strided-20k"].architecture)


def test_what_is_kept_is_found_until_it_is_replaced(tmp_path: Path):
    kept, id = KeptWork(tmp_path / "links"), new_id()
    assert kept.keep(id, SHARED)
    assert KeptWork(tmp_path / "links").find(id) == SHARED
    assert kept.keep(id, OTHER)
    assert kept.find(id) == OTHER
    assert [path.name for path in (tmp_path / "links").iterdir()] == [f"{id}.json"]


@pytest.mark.parametrize(
    "id", ["", "a", "../../../etc/pw", "a" * 13, "aaaaaaaaaaa\n", "aaaaaaaaaaaé"]
)
def test_what_is_no_id_leads_to_no_file(tmp_path: Path, id: str):
    with pytest.raises(LinkError, match="not one of this program's"):
        KeptWork(tmp_path).find(id)


def test_what_is_not_kept_any_more_is_said(tmp_path: Path):
    with pytest.raises(LinkError, match="not kept on this server any more"):
        KeptWork(tmp_path).find(new_id())


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"architecture": 3}', "[" * 100_000, "é".encode("latin-1")]
)
def test_a_damaged_file_is_a_damaged_link(tmp_path: Path, text: str | bytes):
    id = new_id()
    (tmp_path / f"{id}.json").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(LinkError):
        KeptWork(tmp_path).find(id)


def test_only_the_newest_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept_work, "MAX_KEPT", 3)
    kept, ids = KeptWork(tmp_path), [new_id() for _ in range(5)]
    for id in ids:
        assert kept.keep(id, SHARED)
    assert {path.stem for path in tmp_path.glob("*.json")} == set(ids[2:])


def test_a_folder_that_cannot_be_written_is_no_error_of_the_page(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert not KeptWork(tmp_path / "file" / "links").keep(new_id(), SHARED)
