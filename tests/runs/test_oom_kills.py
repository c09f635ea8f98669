from pathlib import Path

import pytest

from explorer.runs import oom_kills as module
from explorer.runs.oom_kills import oom_kills


@pytest.mark.parametrize(
    ("text", "expected"),
    [("nr_free 5\noom_kill 3\n", 3), ("nr_free 5\n", None), ("oom_kill 0\n", 0), (None, None)],
    ids=str,
)
def test_what_the_system_ended_for_lack_of_memory(
    text: str | None, expected: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text is not None:
        (tmp_path / "vmstat").write_text(text)
    monkeypatch.setattr(module, "OOM_KILLS", tmp_path / "vmstat")
    assert oom_kills() == expected
