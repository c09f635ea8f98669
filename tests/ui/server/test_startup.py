"""What the server does before it answers: the store is opened or the process ends, and whoever
started it knows who can reach it.
"""

import re
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from explorer.imports.opening import MAX_PASTED
from explorer.runs import database
from explorer.runs.checkpoint_files import CheckpointFolder
from explorer.runs.manager import JobManager
from explorer.runs.store import Store
from explorer.ui import process
from explorer.ui.components.field_view.forward import MAX_VALUES
from explorer.ui.server.message_guard import MAX_JSON, MAX_MESSAGE
from explorer.ui.server.startup import (
    RIGHTS,
    addresses_text,
    network_addresses,
    open_store_or_exit,
    raise_file_limit,
    script_arguments,
)

ROOT = Path(__file__).parents[3]
LINK = "http://{}:8501"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path))
    monkeypatch.delenv("EXPLORER_IN_MEMORY", raising=False)
    monkeypatch.setattr(database, "OPEN_SECONDS", 0.5)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    Store(tmp_path).close()
    return tmp_path


held: list[sqlite3.Connection] = []


def lock(home: Path) -> None:
    held.append(sqlite3.connect(home / "runs.sqlite", isolation_level=None))
    held[-1].execute("BEGIN EXCLUSIVE")


def make_newer(home: Path) -> None:
    connection = sqlite3.connect(home / "runs.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def damage(home: Path) -> None:
    content = bytearray((home / "runs.sqlite").read_bytes())
    content[4096:] = bytes(range(256)) * ((len(content) - 4096) // 256)
    (home / "runs.sqlite").write_bytes(content)


def replace(home: Path) -> None:
    (home / "runs.sqlite").write_bytes(b"no database" * 100)


def stand_in_the_way(home: Path) -> None:
    (home / "checkpoints").rmdir()
    (home / "checkpoints").write_text("a file")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lock, "is locked by another program; end that program or let it finish"),
        (make_newer, "was written by a newer version of the program"),
        (damage, "is damaged"),
        (replace, "is no database of runs; move it away"),
        (stand_in_the_way, "cannot be written: File exists"),
    ],
)
def test_a_store_that_cannot_be_opened_ends_the_start_with_one_sentence(
    spoil: Callable[[Path], None], words: str, home: Path
) -> None:
    spoil(home)
    before = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    try:
        with pytest.raises(SystemExit) as ended:
            open_store_or_exit([])
        # A text: the exit status is 1.
        assert str(ended.value.code).startswith("error: the runs cannot be opened: ")
        assert words in str(ended.value.code)
        assert "-- --in-memory" in str(ended.value.code)
        store = open_store_or_exit(["--in-memory"])
        assert store.notice == "Runs are kept in memory only, and end with this process"
        assert store.folder is None
        store.close()
        after = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    finally:
        while held:
            held.pop().close()
    # Which is SQLite's own.
    assert {path.name for path in before if after.get(path) != before[path]} <= {"runs.sqlite-shm"}


def test_the_environment_asks_for_it_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, keeps in (("1", False), ("0", True), ("", True)):
        monkeypatch.setenv("EXPLORER_IN_MEMORY", value)
        store = open_store_or_exit([])
        assert (store.folder == home) is keeps
        store.close()


def test_an_option_that_there_is_not_is_refused(home: Path) -> None:
    with pytest.raises(
        SystemExit, match="'--memory' is no option of this server; the one there is: --in-memory"
    ):
        open_store_or_exit(["--memory"])


def test_only_what_streamlit_passes_on_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/app.py", "--in-memory"])
    assert script_arguments("/elsewhere/app.py") == ["--in-memory"]
    monkeypatch.setattr(sys, "argv", ["uvicorn", "app:app", "--reload"])
    assert script_arguments("/elsewhere/app.py") == []


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (None, ["http://localhost:8501", "http://10.0.0.7:8501", "http://10.1.0.7:8501"]),
        ("0.0.0.0", ["http://localhost:8501", "http://10.0.0.7:8501", "http://10.1.0.7:8501"]),
        ("10.0.0.7", ["http://10.0.0.7:8501"]),
        ("localhost", ["http://localhost:8501"]),
        ("127.0.0.1", ["http://localhost:8501"]),
    ],
)
def test_whoever_starts_it_is_told_who_can_reach_it(address: str | None, lines: list[str]) -> None:
    text = addresses_text(address, LINK, ["10.0.0.7", "10.1.0.7"])
    assert re.findall(r"http://\S+", text) == lines
    alone = address in ("localhost", "127.0.0.1")
    assert (RIGHTS in text) is not alone
    assert ("It answers this machine alone." in text) is alone


def test_its_own_addresses_are_others_than_the_loopback() -> None:
    assert not [each for each in network_addresses() if each.startswith("127.")]


FILES = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (256, int(sys.argv[1])))
from explorer.ui.server.startup import raise_file_limit
raise_file_limit()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def test_it_takes_as_many_open_files_as_it_may() -> None:
    pytest.importorskip("resource")
    done = subprocess.run(
        [sys.executable, "-c", FILES, "1000"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["1000", "1000"], done.stderr


def test_a_system_that_grants_fewer_open_files_than_it_says_starts_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resource = pytest.importorskip("resource")

    def refuse(*_: object) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    raise_file_limit()


def test_half_written_files_are_deleted_before_anything_trains(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose folder is looked through is locked meanwhile, so that it could not be taken."""
    done: list[str] = []
    monkeypatch.setattr(CheckpointFolder, "sweep", lambda self: done.append("swept") or 0)
    monkeypatch.setattr(
        process,
        "JobManager",
        lambda *given, **named: done.append("trains") or JobManager(*given, **named),
    )
    process.stop()
    process.jobs()
    process.stop()
    assert done == ["swept", "trains"]


def test_a_message_may_be_as_large_as_the_largest_honest_one() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    limit = config["server"]["maxMessageSize"] * 1_000_000
    in_base64 = 4 / 3
    image, values = 3 * 1200 * 800 * in_base64, 4 * MAX_VALUES * in_base64
    room = 500_000  # for what else is in it
    assert image + values + room < limit
    # What a browser sends: a pasted text, and all that an editor may say beside it.
    assert MAX_PASTED + MAX_JSON / 2 + room < MAX_MESSAGE + room < limit
    assert limit < 20_000_000  # Streamlit's own limit is ten times as much
