"""What the owner of a run writes on it, and its tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.people.permissions import NotAllowed
from explorer.runs.manager import JobManager
from explorer.runs.run import (
    MAX_NOTE,
    MAX_TAG,
    MOST_TAGS,
    RunError,
    checked_note,
    checked_tags,
)
from explorer.runs.store import Store
from tests.people.shared import ANN, BEN, TEACHER
from tests.runs.shared import recipe, wait


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", ()),
        (" , ,", ()),
        ("baseline", ("baseline",)),
        ("b, a ,c", ("b", "a", "c")),
        ("Lesson 2, lesson 2, other", ("Lesson 2", "other")),
        ("too\u200b  many\tspaces", ("too many spaces",)),
        (", ".join("abcdefgh"), tuple("abcdefgh")),
        ("x" * MAX_TAG, ("x" * MAX_TAG,)),
    ],
)
def test_tags_are_what_stands_between_commas(text, tags):
    assert checked_tags(text) == tags


@pytest.mark.parametrize("text", ["x" * (MAX_TAG + 1), ",".join(map(str, range(MOST_TAGS + 1)))])
def test_too_long_or_too_many_tags_are_refused(text):
    with pytest.raises(RunError, match="at most 8 tags of up to 30 characters"):
        checked_tags(text)


@given(st.text(max_size=200))
def test_tags_come_back_as_they_are(text):
    try:
        tags = checked_tags(text)
    except RunError:
        return
    assert checked_tags(", ".join(tags)) == tags


def test_a_note_keeps_its_lines_and_nothing_unseen():
    assert checked_note("  tried\u202e dropout \n\n it helped\x00 ") == "tried dropout\n\nit helped"
    assert checked_note("x" * MAX_NOTE) == "x" * MAX_NOTE
    with pytest.raises(RunError, match="at most 1000 characters; this has 1,001"):
        checked_note("x" * (MAX_NOTE + 1))


def test_they_are_kept_and_shown_in_lists(manager_on_disk: JobManager, small, tmp_path):
    run_id = manager_on_disk.submit(small, recipe(epochs=1), ANN)
    manager_on_disk.annotate(run_id, "first try", "baseline, short", ANN)
    wait(manager_on_disk, run_id)
    for run in (manager_on_disk.snapshot(run_id, 0).run, manager_on_disk.runs()[0].run):
        assert (run.note, run.tags) == ("first try", ("baseline", "short"))
    manager_on_disk.annotate(run_id, "", "", TEACHER)
    assert manager_on_disk.runs()[0].run.tags == ()
    manager_on_disk.annotate(run_id, "kept", "kept", ANN)
    other = Store(tmp_path / "home")
    assert other.stored_run(run_id).run.note == "kept"
    other.close()


def test_only_its_owner_and_a_teacher_write_on_a_run(manager: JobManager, small):
    run_id = manager.submit(small, recipe(epochs=1), ANN)
    with pytest.raises(NotAllowed, match="only they or a teacher can write a note on it"):
        manager.annotate(run_id, "mine", "", BEN)
    assert manager.snapshot(run_id, 0).run.note == ""
