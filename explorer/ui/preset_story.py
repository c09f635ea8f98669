"""What is known of a preset: what its author claims and what the log shows, and why each value was
chosen; of a network of the literature what it taught, and where it was published; of one that was
built here its goal and what it reached.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.presets import Built, Choice, Claim, Known, Preset, Result, result
from explorer.text import counted, for_html, percent

TITLE = "The author's text, checked"
KNOWN_TITLE = "What it taught"
BUILT_TITLE = "How it was built"

SUBJECTS = {  # what a note is about, as it is shown
    "best": "Best accuracy",
    "epochs": "Epochs",
    "epoch_numbers": "Epoch numbers",
    "batches": "Batches",
    "train_loss": "Train loss",
    "test_loss": "Test loss",
    "train_accuracy": "Train accuracy",
    "test_set": "Test set",
    "dropout": "Dropout",
    "speed": "Speed",
}


def preset_story(preset: Preset | None, key: str) -> None:
    """A menu with all of it, made once it is opened; nothing for a preset of ours."""
    if preset is None or not (preset.documented or preset.known or preset.built):
        return
    if preset.documented:
        title, icon = TITLE, ":material/fact_check:"
    else:
        title, icon = (BUILT_TITLE if preset.built else KNOWN_TITLE), ":material/school:"
    menu = st.popover(title, icon=icon, key=f"story-{key}", on_change="rerun")
    if menu.open:
        with menu:
            st.html(story_html(preset))


def story_html(preset: Preset) -> str:
    if preset.documented is None and preset.built:
        return _story(BUILT_TITLE, _parts_of_built(preset, preset.built))
    if preset.documented is None and preset.known:
        return _story(KNOWN_TITLE, _parts_of_known(preset, preset.known))
    documented = preset.documented
    assert documented is not None
    best = documented.best
    claims = "; ".join(_claim(claim) for claim in documented.claims) or "no figure"
    parts = [
        f"<h2>{for_html(documented.title)}</h2>",
        f"<p>The author claims {for_html(claims)}. The log's best is "
        f"{for_html(percent(best.test_accuracy))}, after epoch {best.epoch:d} of "
        f"{len(documented.log)}.</p>",
    ]
    if preset.notes:
        rows = [(SUBJECTS[note.about], note.says, note.shows) for note in preset.notes]
        parts += [
            "<h3>Claim against log</h3>",
            _table(("About", "The text says", "Its log or table shows"), rows),
        ]
    parts += ["<h3>Values from the author</h3>", _choices(preset, documented.given)]
    parts += [
        "<h3>Values chosen by us, as the text does not give them</h3>",
        _choices(preset, preset.ours),
    ]
    if preset.tuned:
        parts += ["<h3>Our recipe</h3>", f"<p>{for_html(preset.tuned.why)}</p>"]
    return _story(TITLE, parts)


def _parts_of_built(preset: Preset, built: Built) -> list[str]:
    told = {"The goal": built.goal, "The idea": built.idea, "Our recipe": built.recipe}
    if found := result(preset.id, "tuned"):
        told["What it reached"] = _reached(found)
    return [f"<h2>{for_html(preset.title)}</h2>", *_sections(told)]


def _reached(found: Result) -> str:
    spread = "" if found.deviation is None else f" ± {percent(found.deviation)}"
    runs = counted(found.seeds, "run")
    return f"{percent(found.final)}{spread} test accuracy, the mean of the final epochs of {runs}"


def _parts_of_known(preset: Preset, known: Known) -> list[str]:
    told = {"Source": known.source}
    if known.smaller:
        told |= {"What is smaller here": known.smaller.what, "Our recipe": known.smaller.recipe}
    heading = f"<h2>{for_html(preset.title)}</h2>"
    return [heading, f"<p>{for_html(known.taught)}</p>", *_sections(told)]


def _sections(told: Mapping[str, str]) -> list[str]:
    return [
        f"<h3>{for_html(heading)}</h3><p>{for_html(text)}.</p>" for heading, text in told.items()
    ]


def _story(title: str, parts: Iterable[str]) -> str:
    return (
        '<div class="story" role="region" tabindex="0" '
        f'aria-label="{for_html(title)}">{"".join(parts)}</div>'
    )


def _claim(claim: Claim) -> str:
    accuracy = percent(claim.accuracy)
    match claim.what:
        case "best":
            return f"a best of {accuracy} at epoch {claim.epoch}"
        case "final":
            return f"a final {accuracy} at epoch {claim.epoch}"
        case _:
            until = "" if claim.until is None else f" to {claim.until}"
            return f"at least {accuracy} from epoch {claim.epoch}{until}"


def _choices(preset: Preset, choices: Sequence[Choice]) -> str:
    rows = [
        (", ".join(_value(preset, path) for path in choice.what), choice.why) for choice in choices
    ]
    return _table(("Value", "Why"), rows)


def _value(preset: Preset, path: str) -> str:
    """ "recipe.optimizer.lr" as "lr 0.01", and a layer's as "layer 10 Dropout p 0.1"."""
    steps = path.split(".")
    value: Any = preset.model_dump(mode="json", include={steps[0]})
    for step in steps:
        value = value[int(step)] if isinstance(value, list) else value[step]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if steps[:2] == ["architecture", "layers"]:
        return (
            f"layer {steps[2]} {preset.architecture.layers[int(steps[2])].kind} {steps[-1]} {value}"
        )
    name = (
        steps[-2] if steps[-1] == "kind" else steps[-1]
    )  # the choice of a kind, as "optimizer SGD"
    return f"{name} {value}"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = "".join(f'<th scope="col">{for_html(each)}</th>' for each in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{for_html(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
