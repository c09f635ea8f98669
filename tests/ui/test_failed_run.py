"""A run that failed offers what would do instead, and nothing that would only fail again."""

import pytest

from explorer.training import engine
from explorer.ui import process
from explorer.ui.run_actions import ACTIONS, KEPT
from tests.runs.shared import wait
from tests.ui.test_pages import listed, opened, runs_page, session
from tests.ui.test_starting import digits, labels, press

pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def ended(run_id: str) -> str:
    return wait(process.jobs(), run_id).status


def test_a_run_that_diverged_offers_a_lower_rate_and_no_resume(monkeypatch: pytest.MonkeyPatch):
    app = digits(1)

    with monkeypatch.context() as patch:
        patch.setattr(
            engine.Numerics, "run", lambda self, network, images: network(images) * float("nan")
        )
        press(app, "Start training")
        first = session(app).run
        assert ended(first) == "failed"
    app.run()
    offer = next(label for label in labels(app) if label.startswith("Try "))
    assert offer == "Try lr 0.001 instead of 0.01"
    assert "Resume" not in labels(app)
    for chosen, is_listed in (("resumable", False), ("failed", True), ("finished", False)):
        runs = opened(runs_page)
        runs.pills(key="runs-status").set_value([chosen]).run()
        assert bool(listed(runs)) == is_listed, chosen
    press(app, offer)
    second = session(app).run
    assert second != first
    assert session(app).recipe == process.jobs().snapshot(second).run.recipe
    assert ended(second) == "finished"
    assert process.jobs().snapshot(first).status == "failed"


def test_images_that_cannot_be_had_are_said_and_the_digits_train_at_one_click(
    monkeypatch: pytest.MonkeyPatch,
):
    def no_answer(*_: object, **__: object) -> None:
        raise TimeoutError("no answer")

    monkeypatch.setattr("urllib.request.urlopen", no_answer)
    app = digits(1)
    next(box for box in app.selectbox if box.label == "Images").select("mnist").run()
    press(app, "Start training")
    assert ended(session(app).run) == "failed"
    app.run()
    assert "there is no internet" in " ".join(box.value for box in app.error)
    press(app, "Train on the built-in digits instead")
    assert session(app).recipe.dataset == "digits"
    assert ended(session(app).run) == "finished"


def test_stop_and_pause_say_what_is_kept():
    help_of = {action.label: action.help for action in ACTIONS}
    assert KEPT == "What it learned up to the last completed epoch is kept."
    assert KEPT in help_of["Stop"]
    assert KEPT in help_of["Pause"]
    assert "begins the current epoch again" in help_of["Pause"]
