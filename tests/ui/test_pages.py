"""The pages without a browser: what they show, and what their controls do."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from explorer.link import Shared, encode
from explorer.network.architecture_json import layer_to_data
from explorer.presets import RECIPE_VARIANTS, load_presets
from explorer.runs.database import StoreError
from explorer.runs.run import RunError, UnknownRun
from explorer.text import percent
from explorer.training.event import Event
from explorer.training.limits import MAX_PARAMS
from explorer.training.recipe import OneCycleLR, parse_recipe
from explorer.ui import process, state
from explorer.ui.follow import answer
from explorer.ui.train import curves_view
from explorer.ui.train import page as shown_page
from explorer.ui.train.looks import Looks
from tests.people.shared import SOMEBODY, TEACHER, student
from tests.runs.shared import wait
from tests.ui.pages import component_data, open_menu, start_from


def build_page() -> None:
    from explorer.ui.build import page as build_page

    build_page.show()


def train_page() -> None:
    from explorer.ui import people
    from explorer.ui.train import page as train_page

    people.who()  # as the page script does it first
    train_page.show()


pytestmark = pytest.mark.usefixtures("runs_of_its_own")


def opened(page, **query: str) -> AppTest:
    app = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return " ".join(
        str(element.proto.body) for element in app.main if element.type == "html"
    ) or " ".join(str(element.proto.body) for element in app.get("html"))


def session(app: AppTest) -> state.Session:
    return app.session_state["explorer"]


def test_the_first_page_has_the_first_presets_numbers():
    app = opened(build_page)
    assert session(app).start.preset == state.FIRST_PRESET
    assert "16,426" in html(app)


def test_a_preset_replaces_layers_recipe_and_images():
    app = opened(build_page)
    start_from(app, "gap-17k")
    preset = load_presets()["gap-17k"]
    assert session(app).architecture == preset.architecture
    assert session(app).recipe == preset.recipe
    assert session(app).stack.base == 1
    assert "17,498" in html(app)


def test_a_draft_from_the_browser_is_parsed_and_acknowledged():
    app = opened(build_page)
    layers = load_presets()["blank"].architecture.layers
    assert layers == ()
    draft = {
        "base": 0,
        "seq": 1,
        "selected": None,
        "stack": [
            {"uid": "a", "kind": "Flatten"},
            {"uid": "b", "kind": "Linear", "out_features": 3},
        ],
    }
    app.session_state[state.STACK_KEY] = {"draft": draft}
    app.run()
    assert not app.exception
    assert [layer_to_data(layer)["kind"] for layer in session(app).stack.layers] == [
        "Flatten",
        "Linear",
    ]
    assert session(app).stack.seq == 1
    assert f"{784 * 3 + 3:,}" in html(app)


def test_undo_past_a_preset_brings_its_whole_work_back_and_redo_the_other():
    app = opened(build_page)
    first, layers = session(app), session(app).stack.to_data()
    start_from(app, "blank")
    blank = session(app)
    assert (blank.name, blank.recipe.dataset, blank.start.preset) != (
        first.name,
        first.recipe.dataset,
        first.start.preset,
    )
    for work, expected, stack in ((first.work, first, layers), (blank.work, blank, [])):
        now = session(app).stack
        draft = {
            "base": now.base,
            "seq": now.seq + 1,
            "work": work,
            "stack": stack,
            "selected": None,
        }
        app.session_state[state.STACK_KEY] = {"draft": draft}
        app.run()
        found = session(app)
        assert (found.architecture, found.recipe, found.start) == (
            expected.architecture,
            expected.recipe,
            expected.start,
        )
        assert (found.work, found.stack.base) == (work, now.base)
    assert not app.exception


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("evil\u202etxt", "eviltxt"), ("\u202e", "Adaptive pooling, 16k"), ("=1+1", "=1+1")],
)
def test_a_name_that_is_put_right_is_shown_so_without_a_warning_in_the_log(typed, kept, caplog):
    app = opened(build_page)
    name = lambda: next(box for box in app.text_input if box.label == "Name")  # noqa: E731
    name().set_value(typed).run()
    assert not app.exception
    assert (name().value, session(app).name) == (kept, kept)
    app.run()
    assert name().value == kept
    assert "Session State API" not in caplog.text


def test_other_images_change_the_input_shape():
    app = opened(build_page)
    next(box for box in app.selectbox if box.label == "Images").select("cifar10").run()
    assert session(app).input_shape == (3, 32, 32)
    assert session(app).recipe.dataset == "cifar10"


def recipe_fields(app: AppTest) -> dict[str, object]:
    return {box.label: box.value for box in [*app.selectbox, *app.number_input, *app.toggle]}


@pytest.mark.parametrize("id", [id for id, preset in load_presets().items() if preset.documented])
def test_the_form_is_filled_from_the_preset(id):
    app = opened(build_page)
    start_from(app, id)
    kept = session(app)
    app = AppTest.from_function(train_page, default_timeout=60)
    app.session_state["explorer"] = kept
    app.run()
    assert not app.exception
    fields, recipe = recipe_fields(app), load_presets()[id].recipe
    assert (fields["Epochs"], fields["Batch size"], fields["lr"]) == (
        recipe.epochs,
        recipe.batch_size,
        recipe.optimizer.lr,
    )
    assert fields["Rotation, ± degrees"] == recipe.rotation


def test_a_run_is_started_streams_and_ends():
    app = opened(train_page)
    next(box for box in app.selectbox if box.label == "Images").select("digits").run()
    next(box for box in app.number_input if box.label == "Epochs").set_value(2).run()
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    run = session(app).run
    assert run is not None
    assert wait(process.jobs(), run).status == "finished"
    app.run()
    assert 'data-epochs="2"' in html(app)
    table = component_data(app, "epochs")
    assert [row[0] for row in table["rows"]] == ["2", "1"]
    final = [event for event in process.jobs().events(run) if event.kind == "epoch"][-1]
    assert table["rows"][0][2] == percent(final.metrics["test_accuracy"])


EPOCH_METRICS = (
    *("train_accuracy", "test_accuracy", "train_loss", "test_loss"),
    *("lr", "iterations_per_second", "seconds"),
)


@pytest.mark.parametrize(
    ("losses", "shown"),
    [
        ([2.3, 0.5], ["0.5000", "2.3000"]),
        ([2.3, 4.137338873415825e35], ["4.137e+35", "2.3000"]),
        ([36104404121311350.0, 2.3], ["2.3000", "3.61e+16"]),
    ],
)
def test_a_loss_of_any_size_is_written_in_the_table_of_epochs(losses, shown):
    epochs = tuple(
        Event(
            kind="epoch",
            epoch=number,
            step=number,
            metrics={**dict.fromkeys(EPOCH_METRICS, 0.1), "train_loss": loss},
        )
        for number, loss in enumerate(losses, 1)
    )
    rows, columns = curves_view._epoch_rows(epochs), curves_view.EPOCH_COLUMNS
    assert [columns["train_loss"].shown(row["train_loss"]) for row in rows] == shown
    assert [columns["test_loss"].shown(row["test_loss"]) for row in rows] == ["0.1000"] * 2


def test_a_link_to_a_run_opens_its_network_and_recipe():
    architecture = load_presets()["bias-free-12k"].architecture
    recipe = parse_recipe({"dataset": "digits", "epochs": 1, "seed": 5})
    run = process.jobs().submit(architecture, recipe, SOMEBODY)
    app = opened(train_page, run=run)
    assert session(app).architecture == architecture
    assert recipe_fields(app)["Seed"] == 5


def test_a_network_that_cannot_be_trained_is_said_and_start_is_off():
    kept = opened(build_page)
    start_from(kept, "blank")
    app = AppTest.from_function(train_page, default_timeout=60)
    app.session_state["explorer"] = session(kept)
    app.run()
    assert "cannot be trained yet" in app.warning[0].value
    assert next(button for button in app.button if button.label == "Start training").disabled


def test_a_run_that_the_server_does_not_know():
    app = opened(train_page, run="nosuchrun")
    assert "There is no run “nosuchrun” here" in app.info[0].value


DOCUMENTED = [id for id, preset in load_presets().items() if preset.documented]


@pytest.mark.parametrize("id", DOCUMENTED)
def test_each_recipe_of_a_preset_is_taken_with_its_dropout_rates_and_back(id):
    preset = load_presets()[id]
    app = opened(build_page)
    start_from(app, id)
    app = _on_train(app)
    for variant in ("tuned", "documented", "tuned"):
        app.button(key=f"recipe-{variant}").click().run()
        assert not app.exception
        architecture, recipe = preset.recipe_variant(variant)
        assert session(app).recipe == recipe
        assert session(app).stack.layers == architecture.layers
        marked = [name for name in RECIPE_VARIANTS if app.button(key=f"recipe-{name}").proto.icon]
        assert marked == [variant]
    app.number_input(key=f"recipe-{session(app).recipe_version}-epochs").set_value(3).run()
    assert session(app).recipe.epochs == 3
    assert not any(app.button(key=f"recipe-{name}").proto.icon for name in RECIPE_VARIANTS)


def _on_train(app: AppTest) -> AppTest:
    """The same visitor on the Train page."""
    other = AppTest.from_function(train_page, default_timeout=60)
    other.session_state["explorer"] = session(app)
    return other.run()


# --- the runs -------------------------------------------------------------------------------------


def runs_page() -> None:
    from explorer.ui import people
    from explorer.ui.runs import page as runs_page

    people.who()
    runs_page.show()


def finished_runs(*names: str, owner: str = "somebody") -> list[str]:
    """Short runs on the built-in images, once they have ended."""
    recipe = parse_recipe({"epochs": 1, "batch_size": 500, "device": "cpu"})
    architecture = load_presets()["bias-free-12k"].architecture
    ids = [process.jobs().submit(architecture, recipe, student(owner), name) for name in names]
    for run_id in ids:
        wait(process.jobs(), run_id)
    return ids


def listed(app: AppTest) -> list[str]:
    return [row["name"] for row in list_of_runs(app)]


def list_of_runs(app: AppTest) -> list[dict[str, str]]:
    """What the list shows, row by row, by the columns' headings."""
    if not any(each.proto.id.endswith("-runs") for each in app.get("bidi_component")):
        return []
    data = component_data(app, "runs")
    names = [column["title"] for column in data["columns"]]
    rows = [dict(zip(names, row["cells"], strict=True)) for row in data["rows"]]
    return [{"name": row["Name"], **row} for row in rows]


def followed(monkeypatch, page) -> list[tuple]:
    """What the page looks at from now on, and what it saw there before."""
    found = []
    monkeypatch.setattr(page, "follow", lambda *args: found.append(args))
    return found


def test_a_run_in_training_is_looked_at_the_less_often_the_more_windows_do(monkeypatch):
    asked, fragment = [], st.fragment
    monkeypatch.setattr(
        st,
        "fragment",
        lambda draw, *, run_every=None: asked.append(run_every) or fragment(draw),
    )
    recipe = parse_recipe({"dataset": "digits", "epochs": 500, "device": "cpu"})
    run_id = process.jobs().submit(load_presets()["gap-17k"].architecture, recipe, SOMEBODY)
    for windows, seconds in ((1, 2.0), (31, 6.0)):
        monkeypatch.setattr(shown_page, "looks", looks := Looks())
        for window in range(windows - 1):
            looks.note(f"window {window}")
        opened(train_page, run=run_id)
        assert asked[-1] == pytest.approx(seconds), windows
    process.jobs().stop(run_id, TEACHER)


def test_a_run_that_is_deleted_while_train_is_drawn_is_noticed_at_the_next_look(monkeypatch):
    (run_id,) = finished_runs("kept")
    found = followed(monkeypatch, shown_page)
    monkeypatch.setattr(
        shown_page, "run_downloads", lambda *_: process.jobs().delete(run_id, TEACHER)
    )
    opened(train_page, run=run_id)
    ((look, before),) = found
    assert answer(look) != before


def test_a_run_that_is_deleted_while_runs_is_drawn_is_noticed_at_the_next_look(monkeypatch):
    from explorer.ui.runs import page as shown

    first, _ = finished_runs("kept", "also kept")
    found, jobs = followed(monkeypatch, shown), process.jobs()
    read = jobs.runs

    def runs():
        listed = read()
        monkeypatch.setattr(jobs, "runs", read)
        jobs.delete(first, TEACHER)
        return listed

    monkeypatch.setattr(jobs, "runs", runs)
    opened(runs_page)
    ((look, before),) = found
    assert answer(look) != before


def test_a_page_at_rest_sees_nothing_new(monkeypatch):
    from explorer.ui.runs import page as shown

    (run_id,) = finished_runs("kept")
    for page, module in ((train_page, shown_page), (runs_page, shown)):
        found = followed(monkeypatch, module)
        opened(page, run=run_id)
        ((look, before),) = found
        assert answer(look) == before


def test_without_runs_it_says_what_to_do():
    assert "No runs yet" in html(opened(runs_page))


def test_runs_are_listed_newest_first_filtered_and_counted():
    finished_runs("First try", "second TRY")
    app = opened(runs_page)
    assert listed(app) == ["second TRY", "First try"]
    row = list_of_runs(app)[0]
    assert (row["Status"], row["Epochs"], row["Parameters"], row["Images"]) == (
        "finished",
        "1 of 1",
        "12,400",
        "Digits",
    )
    assert row["Final, %"] == row["Best, %"]
    assert 0 < float(row["Final, %"]) <= 100
    assert "2 of 2 runs · 0 in training, 0 queued · one run trains at a time" in html(app)
    app.text_input(key="runs-search").set_value("try first").run()
    assert listed(app) == ["First try"]
    app.text_input(key="runs-search").set_value("").run()
    app.pills(key="runs-status").set_value(["resumable"]).run()
    assert listed(app) == []
    app.pills(key="runs-status").set_value(["resumable", "finished"]).run()
    assert len(listed(app)) == 2
    app.toggle[0].set_value(True).run()
    assert listed(app) == []
    assert "No run matches" in html(app)
    app.pills(key="runs-status").set_value([]).run()
    assert "None of these runs is yours" in html(app)
    assert "Select a run" not in html(app)
    assert not app.exception


def test_a_chosen_run_is_renamed_continued_and_deleted():
    kept, other = finished_runs("kept", "other")
    app = opened(runs_page)
    app.session_state["runs-chosen"] = other
    app.run()
    assert "Download" in [menu.proto.popover.label for menu in app.get("popover")]
    app.text_input(key=f"runs-name-{other}").set_value("   ").run()
    assert "1 to 100 printable characters" in app.toast[0].value
    app.text_input(key=f"runs-name-{other}").set_value("  better  name ").run()
    assert listed(app) == ["better name", "kept"]
    note = next(area for area in app.text_area if area.label == "Note, for all to see")
    note.set_value("<b>tried</b> twice")
    tags = next(box for box in app.text_input if box.label == "Tags, with commas between them")
    tags.set_value("baseline, lesson 2")
    next(button for button in app.button if button.label == "Keep").click().run()
    assert "&lt;b&gt;tried&lt;/b&gt; twice" in html(app)
    assert '<span class="tag">lesson 2</span>' in html(app)
    app.text_input(key="runs-search").set_value("BASELINE").run()
    assert listed(app) == ["better name"]
    app.text_input(key="runs-search").set_value("").run()
    app.number_input(key=f"runs-more-{other}").set_value(2).run()
    app.button(key=f"runs-continue-{other}").click().run()
    assert not app.exception
    wait(process.jobs(), other, lambda snapshot: snapshot.ended and len(snapshot.epochs) == 3)
    app.run()
    next(button for button in app.button if button.label == "Delete this run").click().run()
    assert listed(app) == ["kept"]
    assert process.jobs().snapshot(kept, 4).status == "finished"
    with pytest.raises(UnknownRun):
        process.jobs().snapshot(other)


# --- what a link, a form or another visitor can bring about ---------------------------------------


@pytest.mark.parametrize(
    ("limit", "within", "outside", "words"),
    [
        (
            "max_params",
            MAX_PARAMS,
            MAX_PARAMS + 1,
            "Parameters below: a whole number from 1 to 50,000,000",
        ),
        ("max_epochs", 1000, 0, "Max. epochs: a whole number from 1 to 1,000"),
        ("max_layers", 1000, 1001, "Max. layers: a whole number from 1 to 1,000"),
        ("min_accuracy", 100.0, 150.0, "Test accuracy, %: a number above 0 to 100"),
    ],
)
def test_a_limit_outside_its_range_is_said_and_the_old_one_stays(limit, within, outside, words):
    app = opened(build_page)
    open_menu(app, "assignment")
    box = next(box for box in app.number_input if box.key.startswith(f"assignment-{limit}"))
    box.set_value(within).run()
    held = session(app).assignment
    assert getattr(held, limit) == (within if limit != "min_accuracy" else 1.0)
    box.set_value(outside).run()
    assert not app.exception
    assert app.toast[0].value.replace("\\", "") == f"{words}, or nothing. The old value was kept."
    assert session(app).assignment == held
    assert next(each for each in app.number_input if each.key == box.key).value == within


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        (
            "Batch size",
            9_999_999,
            "batch_size must be a whole number from 2 to 4096; this has 9999999",
        ),
        ("lr", 1e9, "optimizer.lr must be a number above 0 to 10"),
        ("Seed", -4, "Seed must be a whole number from 0 to 999999; this has -4"),
    ],
)
def test_a_recipe_that_cannot_be_is_said_and_start_is_off(label, value, words):
    app = opened(train_page)
    before = session(app).recipe
    next(box for box in app.number_input if box.label == label).set_value(value).run()
    assert words in app.error[0].value.replace("\\", "")
    assert next(button for button in app.button if button.label == "Start training").disabled
    assert session(app).recipe == before


def test_images_chosen_on_train_are_those_that_the_network_takes():
    app = opened(train_page)
    next(box for box in app.selectbox if box.label == "Images").select("cifar10").run()
    assert session(app).input_shape == (3, 32, 32)
    assert session(app).recipe.dataset == "cifar10"
    assert not app.warning


def test_what_was_typed_just_before_start_is_what_trains():
    """Both can come in one message: the button is then told before the page is drawn with what was
    typed.
    """
    app = opened(train_page)
    next(box for box in app.selectbox if box.label == "Images").select("digits")
    next(box for box in app.number_input if box.label == "Epochs").set_value(3)
    next(box for box in app.number_input if box.label == "lr").set_value(0.02)
    next(box for box in app.selectbox if box.label == "Learning-rate schedule").select("OneCycleLR")
    next(button for button in app.button if button.label == "Start training").click().run()
    recipe = process.jobs().snapshot(session(app).run).run.recipe
    assert (recipe.dataset, recipe.epochs, recipe.optimizer.lr, recipe.scheduler) == (
        "digits",
        3,
        0.02,
        OneCycleLR(),
    )
    assert recipe == session(app).recipe


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("Epochs", 5000, "Epochs must be a whole number from 1 to 1000; this has 5000"),
        (
            "Images",
            "cifar10",
            "This network cannot be trained yet: the network takes images of 1×28×28",
        ),
    ],
)
def test_what_cannot_be_trained_is_not_started_though_the_button_was_still_there(
    label, value, words
):
    app = opened(train_page)
    next(box for box in (*app.number_input, *app.selectbox) if box.label == label).set_value(value)
    next(button for button in app.button if button.label == "Start training").click().run()
    assert words in app.toast[0].value.replace("\\", "")
    assert session(app).run is None
    assert not process.jobs().runs()


@pytest.mark.parametrize(
    "recipe",
    [
        {"optimizer": {"kind": "SGD", "lr": 1e-9}},
        {"optimizer": {"kind": "SGD", "lr": 10.0}},
        {"scheduler": {"kind": "OneCycleLR", "max_lr": 1e-8, "div_factor": 1.0}},
        {
            "optimizer": {"kind": "AdamW", "lr": 1e-12, "weight_decay": 1.0},
            "batch_size": 4096,
            "seed": 999_999,
            "rotation": 180.0,
        },
    ],
    ids=str,
)
def test_every_recipe_that_a_link_can_hold_is_shown(recipe):
    shared = Shared(load_presets()["strided-20k"].architecture, parse_recipe(recipe))
    app = opened(train_page, a=encode(shared))
    assert session(app).recipe == parse_recipe(recipe)


def test_a_watched_run_that_is_deleted_is_said(monkeypatch):
    (run_id,) = finished_runs("gone soon")
    app = opened(train_page, run=run_id)
    real = process.jobs().snapshot
    looks = []

    def deleted_between(run, limit=400):
        looks.append(run)
        if len(looks) > 1:
            raise UnknownRun(f"no run {run!r}")
        return real(run, limit)

    monkeypatch.setattr(process.jobs(), "snapshot", deleted_between)
    app.run()
    assert not app.exception
    assert any("No run" in error.value for error in app.error)


@pytest.mark.parametrize(
    "page", [build_page, train_page, runs_page], ids=["build", "train", "runs"]
)
def test_a_store_that_cannot_be_read_is_said(page, monkeypatch):
    finished_runs("kept")

    def fail(*args, **options):
        raise StoreError("runs.sqlite cannot be read: it is no database; move it away")

    opened(page)
    for name in ("runs", "snapshot"):
        monkeypatch.setattr(process.jobs(), name, fail)
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["run"] = "abc"
    app.run()
    assert not app.exception
    assert any("cannot be read" in said.value for said in (*app.error, *app.warning))


def test_a_home_that_cannot_be_written_is_said_on_every_page(monkeypatch, tmp_path):
    """Where the page script runs without app.py, whose start would have ended with the sentence."""
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("EXPLORER_HOME", str(tmp_path / "a file" / "home"))
    process.stop()
    app = opened(train_page)
    assert any(
        "a file/home cannot be written: Not a directory" in error.value for error in app.error
    )


def test_whoever_starts_a_run_is_told_that_nothing_is_kept(monkeypatch):
    monkeypatch.setenv("EXPLORER_IN_MEMORY", "1")
    process.stop()
    app = opened(train_page)
    assert any("kept in memory only" in warning.value for warning in app.warning)


def test_a_page_that_asks_while_the_server_ends_gets_words_and_no_second_manager(monkeypatch):
    opened(train_page)
    process.stop(for_good=True)
    try:
        for page in (build_page, train_page, runs_page):
            app = opened(page)
            assert not app.exception
            assert any(
                "shutting down" in said.value for said in (*app.error, *app.warning, *app.info)
            ), page
        with pytest.raises(RunError, match="shutting down"):
            process.jobs()
        assert process._jobs is None
    finally:
        process.stop()
