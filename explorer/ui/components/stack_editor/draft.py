"""The stack that is being edited, and what the browser sends of it. Knows nothing of the screen.

The browser owns the draft while a person edits: it sends the whole stack each time, numbered by
`seq`. Python accepts it, and `seq` goes back as the acknowledgement; the layers themselves go only
to an editor that has not got them. `base` counts the times that Python put another stack in its
place (a preset picked): a draft on an older base came too late, and is dropped. `work` names what
the stack belongs to: undo may take a person back to the layers of other work, and Python then
brings its name, images and recipe back too.

In the browser the tree of layers and blocks is a flat list of rows, see `rows.py`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from explorer.json_reading import check_depth
from explorer.network.architecture_json import parse_layers
from explorer.network.spec import MAX_LAYERS, ArchitectureError, Nodes, Path, path_text
from explorer.refusal import Refusal
from explorer.ui.components.stack_editor.rows import (
    RowError,
    flatten,
    is_marker,
    nest,
    row_to_data,
)

MAX_COUNT = 2**53 - 1  # the largest whole number that a browser counts to
_UID = re.compile(r"[A-Za-z0-9_-]{1,40}")


class DraftError(Refusal, ValueError):
    """Data from the browser that is not a stack.

    `index` is the offending row's, or None where it is none's.
    """

    def __init__(self, message: str, index: int | None = None):
        # What the browser sends may hold half a character.
        message = message.encode("utf-8", "replace").decode()
        super().__init__(message)
        self.message, self.index = message, index


@dataclass(frozen=True)
class Draft:
    """A draft that was understood."""

    base: int
    seq: int
    layers: Nodes
    uids: tuple[str, ...]
    selected: str | None
    work: int


@dataclass(frozen=True)
class Stack:
    """The layers being edited, as Python last accepted them.

    Every row has a `uid` that stays with it while it is moved and changed, so that the browser
    keeps it on the page: a layer has one row, a block several. `refusal` says why the draft
    numbered `seq` was not accepted; the layers are then those of the draft before it.
    """

    layers: Nodes = ()
    uids: tuple[str, ...] = ()
    selected: str | None = None
    base: int = 0
    seq: int = 0
    work: int = 0
    refusal: DraftError | None = field(default=None, compare=False)

    @classmethod
    def of(cls, layers: Nodes, selected: int | None = None) -> "Stack":
        """A first stack. `selected` is the number of a row."""
        return cls()._holding(layers, selected, base=0)

    def replaced(
        self, layers: Nodes, selected: int | None = None, work: int | None = None
    ) -> "Stack":
        """Another stack in place of this one: a preset, an opened link.

        The browser can still undo it. `work` is what the layers belong to, where that is another.
        """
        return replace(
            self._holding(layers, selected, base=self.base + 1),
            work=self.work if work is None else work,
        )

    def accepting(self, value: object) -> "Stack":
        """The stack after what the browser sent: the same object where that is nothing new.

        Never raises.
        """
        try:
            base, seq = _numbers(value)
        except DraftError as error:
            return replace(self, refusal=error) if value is not None else self
        if base != self.base or seq <= self.seq:
            return self
        try:
            draft = parse_draft(value)
        except DraftError as error:
            return replace(self, seq=seq, refusal=error)
        return Stack(draft.layers, draft.uids, draft.selected, base, seq, draft.work)

    def is_held_by_sender(self, value: object) -> bool:
        """Whether the editor that sent this draft last has these very layers on its screen, so that
        it needs them no more.

        An editor that begins has sent nothing yet; one whose stack was replaced still speaks of an
        older `base`.
        """
        return isinstance(value, dict) and (value.get("base"), value.get("seq")) == (
            self.base,
            self.seq,
        )

    @property
    def selected_path(self) -> Path | None:
        """The path of the selected layer or block. A block is selected by any row of its own."""
        if self.selected not in self.uids:
            return None
        rows = zip(self.uids, flatten(self.layers), strict=True)
        return next(row.path for uid, row in rows if uid == self.selected)

    def to_data(self) -> list[dict[str, Any]]:
        """The stack as the browser takes it: the rows' JSON form with a uid each."""
        return [
            {"uid": uid, **row_to_data(row.content)}
            for uid, row in zip(self.uids, flatten(self.layers), strict=True)
        ]

    def _holding(self, layers: Nodes, selected: int | None, base: int) -> "Stack":
        uids = tuple(f"p{base}-{index}" for index, _ in enumerate(flatten(layers)))
        chosen = None if selected is None else uids[selected]
        return Stack(tuple(layers), uids, chosen, base, self.seq)


def uids_by_path(uids: Sequence[str], layers: Nodes) -> dict[Path, str]:
    """Of each layer and each block the uid of its first row, where these are the uids of the
    stack's rows.
    """
    rows = zip(uids, flatten(layers), strict=True)
    return {row.path: uid for uid, row in rows if row.stands_for_node}


def parse_draft(value: object) -> Draft:
    """What the browser sent, {base, seq, work, stack: [{uid, kind, …arguments}], selected, asked},
    read by the models that read a file. (`asked` is the editor's own affair: see `asks_itself`.)

    Raises DraftError, whatever `value` is.
    """
    base, seq = _numbers(value)
    check_depth(value, DraftError)
    assert isinstance(value, dict)  # _numbers has seen to it
    selected, work = value.get("selected"), value.get("work", 0)
    if type(work) is not int or not 0 <= work <= MAX_COUNT:
        raise DraftError("a draft's work is a whole number")
    uids, layers = parse_stack(value.get("stack"))
    if selected is not None and selected not in uids:
        raise DraftError("the selected layer is not in the stack")
    return Draft(base, seq, layers, uids, selected, work)


def parse_stack(entries: object) -> tuple[tuple[str, ...], Nodes]:
    """The uids of the rows and the layers of a stack as the browser sends it, [{uid, kind,
    …arguments}], whose depth was checked.

    Raises DraftError for anything else.
    """
    if not isinstance(entries, list):
        raise DraftError("the stack is a list of layers")
    uids = tuple(_uid(index, entry) for index, entry in enumerate(entries))
    count = sum(not is_marker(entry) for entry in entries)
    if count > MAX_LAYERS:
        raise DraftError(f"at most {MAX_LAYERS} layers; this has {count:,}")
    if len(set(uids)) < len(uids):
        last = {uid: index for index, uid in enumerate(uids)}
        twice = next(last[uid] for index, uid in enumerate(uids) if last[uid] != index)
        raise DraftError("two layers have the same uid", twice)
    try:
        tree, places = nest([{k: v for k, v in entry.items() if k != "uid"} for entry in entries])
    except RowError as error:
        raise DraftError(error.message, error.index) from None
    try:
        return uids, parse_layers(tree)
    except ArchitectureError as error:
        index = None if error.path is None else places.get(error.path)
        raise DraftError(_without_place(error, index, entries), index) from None


def _numbers(value: object) -> tuple[int, int]:
    """base and seq, by which a draft is told from an older one."""
    if not isinstance(value, dict):
        raise DraftError("a draft is an object with base, seq, stack and selected")
    base, seq = value.get("base"), value.get("seq")
    for number in (base, seq):
        if type(number) is not int or not 0 <= number <= MAX_COUNT:
            raise DraftError("a draft has base and seq, two whole numbers")
    return base, seq  # type: ignore[return-value]


def _uid(index: int, entry: object) -> str:
    if not isinstance(entry, dict):
        raise DraftError("a layer is an object with a uid and a kind", index)
    uid = entry.get("uid")
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise DraftError("a layer's uid is 1 to 40 letters, digits, - or _", index)
    return uid


def _without_place(error: ArchitectureError, index: int | None, entries: list[Any]) -> str:
    """The message without "layer 3 (Conv2d): ": it will stand on that row."""
    if error.path is None or index is None:
        return error.message
    where = f"layer {path_text(error.path)}"
    return (
        error.message.removeprefix(f"{where} ({entries[index].get('kind')})")
        .removeprefix(where)
        .removeprefix(": ")
    )
