"""What is compared: presets, saved architectures and runs, each by a short name that the page's
link holds.
"""

from collections.abc import Callable, Iterable
from urllib.parse import unquote

from explorer.compare.chosen import MOST, RUN, SAVED, Chosen, with_own_titles
from explorer.presets import load_presets
from explorer.runs.run import UnknownRun
from explorer.runs.run_summary import RunSummary
from explorer.text import counted
from explorer.ui import process

CHOSEN = "compare-chosen"  # the input that holds the keys of what is compared


def offered(runs: Iterable[RunSummary]) -> dict[str, str]:
    """Everything that can be compared, and what the list calls it: presets, then what was saved,
    then these runs.
    """
    found = {
        preset.id: preset.id for preset in load_presets().values() if preset.architecture.layers
    }
    found |= {f"{SAVED}{saved.name}": f"{saved.name}, saved" for saved in process.saved().all()}
    for each in runs:
        found[f"{RUN}{each.run.id}"] = f"{each.run.name}, {_stand(each)}"
    return found


def _stand(each: RunSummary) -> str:
    return f"run of {counted(each.epochs_done, 'epoch')} ({each.run.id[:4]})"


def first_choice() -> list[str]:
    """The documented networks."""
    return [preset.id for preset in load_presets().values() if preset.documented]


def read_link(text: str | None) -> tuple[list[str], list[str]]:
    """The keys that a link holds, those that can be found and those that cannot."""
    parts = (text or "").split(",")
    keys = list(dict.fromkeys(filter(None, (_read_key(part) for part in parts))))[: 2 * MOST]
    known = [key for key in keys if find(key)]
    return known[:MOST], [key for key in keys if key not in known]


def _read_key(part: str) -> str:
    """A key as `write_link` writes it, or as older links have it: without anything escaped."""
    return part if find(part) else unquote(part)


def write_link(keys: Iterable[str]) -> str:
    """The keys with commas between them.

    Those within a key, as a saved name may have, are escaped as in an address.
    """
    return ",".join(key.replace("%", "%25").replace(",", "%2C") for key in keys)


def find(key: str) -> Chosen | None:
    """What a key names, or None where that is not here (any more)."""
    for prefix, read in _READERS:
        if key.startswith(prefix):
            return read(key.removeprefix(prefix))
    return None


def find_all(keys: Iterable[str]) -> list[Chosen]:
    """The entries for keys that still exist, each with a title that no other has."""
    return with_own_titles([found for key in keys if (found := find(key))])


def _preset(id: str) -> Chosen | None:
    preset = load_presets().get(id)
    return Chosen(id, id, preset.architecture, preset.recipe, preset) if preset else None


def _saved(name: str) -> Chosen | None:
    shared = next((saved.shared for saved in process.saved().all() if saved.name == name), None)
    return Chosen(f"{SAVED}{name}", name, shared.architecture, shared.recipe) if shared else None


def _run(run_id: str) -> Chosen | None:
    try:
        run = process.jobs().snapshot(run_id, 4).run
    except UnknownRun:
        return None
    return Chosen(
        f"{RUN}{run_id}", f"{run.name} ({run_id[:4]})", run.architecture, run.recipe, run=run_id
    )


_READERS: tuple[tuple[str, Callable[[str], Chosen | None]], ...] = (
    (SAVED, _saved),
    (RUN, _run),
    ("", _preset),
)
