"""Who is a teacher, as the environment says."""

import pytest

from explorer.people.teachers import named_teachers, teacher_key, teachers_text


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXPLORER_TEACHER_KEY", "EXPLORER_TEACHERS"):
        monkeypatch.delenv(name, raising=False)


def test_nobody_unless_told() -> None:
    assert teacher_key() == ""
    assert named_teachers() == frozenset()
    assert "Nobody is a teacher. To be one, start it with EXPLORER_TEACHER_KEY=" in teachers_text()


def test_a_key_and_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_TEACHER_KEY", "  open sesame ")
    monkeypatch.setenv("EXPLORER_TEACHERS", "tess@school.example, ,1234")
    assert teacher_key() == "open sesame"
    assert named_teachers() == {"tess@school.example", "1234"}
    assert "sesame" not in teachers_text()
    assert "EXPLORER_TEACHERS names 2 teachers." in teachers_text()
