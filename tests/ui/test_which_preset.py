"""Which preset a network is, its layers tell and never its name."""

from dataclasses import replace

import pytest

from explorer.network.spec import Architecture
from explorer.presets import load_presets
from explorer.runs.run import Environment, Run, Snapshot, Status
from explorer.training.event import Event
from explorer.ui import state
from explorer.ui.downloads import run_downloads
from explorer.ui.train import curves_view

PRESET = load_presets()["gap-17k"]
TUNED, _ = PRESET.recipe_variant("tuned")
EDITED = PRESET.architecture.model_copy(update={"layers": PRESET.architecture.layers[1:]})
RENAMED = PRESET.architecture.model_copy(update={"name": "my own"})


def snapshot(architecture: Architecture) -> Snapshot:
    run = Run(
        "abcdefghjkmn",
        "x",
        architecture,
        PRESET.recipe,
        "cpu",
        Environment("2", "3", "a CPU"),
        0.0,
        "a run",
    )
    started = Event(kind="started", metrics={"epochs": 1, "steps_per_epoch": 1})
    return Snapshot(run, Status("finished"), None, "", started, (), (), started)


@pytest.mark.parametrize(
    ("architecture", "is_preset"),
    [(PRESET.architecture, True), (TUNED, True), (RENAMED, True), (EDITED, False)],
)
def test_documents_and_starts_are_of_the_preset_with_these_layers(
    architecture, is_preset, monkeypatch
):
    assert (run_downloads.documented_beside(snapshot(architecture)) != ()) == is_preset
    run = replace(snapshot(architecture).run, architecture=architecture)
    assert state._work_of(run).start == (PRESET.id if is_preset else "")
    asked = []
    monkeypatch.setattr(curves_view.st, "pills", lambda *args, **kwargs: asked.append(args) or [])
    curves_view._beside(snapshot(architecture))
    assert bool(asked) == is_preset
