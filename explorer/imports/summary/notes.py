"""What is said beside an imported network: what was guessed, what was put in, and what no table
tells.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

from explorer.imports.summary.rows import InputSize, Table
from explorer.network import spec
from explorer.network.difference import layer_text
from explorer.network.layers import LAYERS
from explorer.network.spec import Layer, Shape
from explorer.text import size_text

MAX_NAMED = 3  # rows that a sentence about many names


@dataclass(frozen=True)
class RowNote:
    """Something to say of a row. Rows of which the same is to be said share one sentence.

    `of_one` and `of_many` are that sentence with {rows} where the rows' names stand.
    """

    row: str
    of_one: str
    of_many: str


def note_texts(notes: Iterable[RowNote | str]) -> list[str]:
    """The sentences, in their order, one for all rows of which the same is said."""
    rows: dict[RowNote | str, list[str]] = {}
    for note in notes:
        if isinstance(note, str):
            rows.setdefault(note, [])
        else:
            rows.setdefault(replace(note, row=""), []).append(note.row)
    return [
        note if isinstance(note, str) else _of_rows(note, names) for note, names in rows.items()
    ]


def _of_rows(note: RowNote, names: list[str]) -> str:
    if len(names) == 1:
        return note.of_one.replace("{rows}", names[0])
    more = len(names) - MAX_NAMED
    named = [*names[:MAX_NAMED], f"{more} more"] if more > 1 else names
    return note.of_many.replace("{rows}", f"{', '.join(named[:-1])} and {named[-1]}")


def left_out_note(row: str, kind: str) -> RowNote:
    """Of a row of torch's that is not among the layers here and changes no shape."""
    why = f"{kind} is not among the layers here"
    return RowNote(
        row,
        f"{{rows}} is left out: {why}; it changes no shape",
        f"{{rows}} are left out: {why}; they change no shape",
    )


def first_left_out_text(row: str, kind: str, output_shape: Shape) -> str:
    """Of a first row that is not among the layers here, and may have changed the shape."""
    return (
        f"{row} is left out: {kind} is not among the layers here. "
        "What goes into it is not in the table, so the images here are its output, "
        f"{size_text(output_shape)}"
    )


def no_layer_note(row: str) -> RowNote:
    """Of somebody's own module that changes no shape."""
    return RowNote(
        row,
        "{rows} is no layer of torch; it changes no shape and is left out",
        "{rows} are no layers of torch; they change no shape and are left out",
    )


def constant_border_note(row: str) -> RowNote:
    return RowNote(
        row,
        "{rows} is read as ZeroPad2d: the table does not tell which value it adds",
        "{rows} are read as ZeroPad2d: the table does not tell which value they add",
    )


@dataclass(frozen=True)
class Answer:
    """What a row may be: its layer, after the layers before it that the table doesn't show."""

    layers: tuple[Layer, ...]
    input_shape: Shape | None = None  # of the whole network; only at the first row


def answer_text(answer: Answer) -> str:
    """An answer in words: "Conv2d out_channels 8, kernel_size 3, on images 1×28×28"."""
    layers = ", then ".join(map(layer_text, answer.layers)) or "no layer"
    return f"{layers}, on images {size_text(answer.input_shape)}" if answer.input_shape else layers


def guess_note(
    row: str, taken: Answer, others: tuple[Answer, ...], size: InputSize | None
) -> RowNote:
    """What was guessed on a row of which the table tells too little, and what speaks for it."""
    first, *rest = others
    more = f" ({len(rest)} more {'is' if len(rest) == 1 else 'are'} offered)" if rest else ""
    why = "both give this row, and the first is the plainer"
    if taken.input_shape and any(isinstance(layer, spec.Upsample) for layer in taken.layers):
        why = f"the table does not say how large the images are that come in; {why}"
    elif taken.input_shape and size is None:
        why = f"the table does not say what goes into it; {why}"
    elif (
        taken.input_shape
        and size
        and _tells_sizes_apart(size)
        and _is_of_size(first.input_shape, size)
    ):
        why = f"the input size of {size.printed} fits both; {why}"
    guessed = f"{answer_text(taken)}, or {answer_text(first)}{more}; {why}"
    return RowNote(row, f"{{rows}} is a guess: {guessed}", f"{{rows}} are each a guess: {guessed}")


def wrong_size_notes(row: str, image: Shape, table: Table) -> list[str]:
    """Where the image that was taken is not of the size that the table prints."""
    if table.input_size is None or _is_of_size(image, table.input_size):
        return []
    return [
        f"the table says that its input has {table.input_size.printed}, "
        f"which images {size_text(image)} have not; no image of that size was found from which "
        f"one layer makes {row}"
    ]


def sized_beforehand_text(row: str, image: Shape) -> str:
    """Of a first Upsample to a size that is no multiple of what comes in."""
    return (
        f"{row} is left out: it brings the images to {size_text(image)}, "
        "which is no whole multiple of their size; the images here have that size before they "
        "come in"
    )


def _tells_sizes_apart(size: InputSize) -> bool:
    """Not so of 0.00 MB, which any small image has."""
    return size.values[0][0] > 0


def _is_of_size(image: Shape | None, size: InputSize) -> bool:
    return image is not None and any(low <= prod(image) <= high for low, high in size.values)


def put_in_note(layer: Layer, row: str, is_before: bool) -> RowNote:
    """Of a layer that has no row: where it stands and why."""
    why = "" if isinstance(layer, spec.Flatten) else "the map gets smaller there, and "
    text = (
        f"{layer.kind} was added {'before' if is_before else 'after'} {{rows}}: "
        f"{why}the table has no row for it"
    )
    return RowNote(row, text, text)


def shared_notes(pairs: list[tuple[str, str | None]]) -> list[str]:
    """One sentence for each row whose weights others use again; pairs are (row, the row that counts
    them, if it is known).
    """
    here = "here each is a layer with weights of its own"
    notes = [
        f"{count + 1} rows share the weights of {first}: {here}"
        for first, count in Counter(first for _, first in pairs if first).items()
    ]
    others = [row for row, first in pairs if not first]
    return (
        [*notes, f"{', '.join(others)} share the weights of rows above them: {here}"]
        if others
        else notes
    )


_UNTOLD = (
    (
        ("Dropout", "Dropout2d"),
        "the table has no dropout rates; 0.5, torch's default, was used everywhere",
    ),
    (
        ("LeakyReLU",),
        "the table has no slope of LeakyReLU; 0.01, torch's default, was used everywhere",
    ),
    (
        ("ELU",),
        "the table has no alpha of ELU; 1, torch's default, was used everywhere",
    ),
    (
        ("LocalResponseNorm",),
        "the table has no size of LocalResponseNorm; 5 was used everywhere",
    ),
    (
        ("ChannelShuffle",),
        "the table has no groups of ChannelShuffle; the fewest that there can be were used",
    ),
    (
        ("Upsample",),
        (
            'the table has no mode of Upsample; "nearest", torch\'s default, '
            "was used where none is chosen"
        ),
    ),
)


def untold_notes(layers: list[Layer], activations_left_out: list[str]) -> list[str]:
    """What no table tells of these layers, and which activations are missing."""
    kinds = {layer.kind for layer in layers}
    notes = [sentence for of_kinds, sentence in _UNTOLD if kinds & set(of_kinds)]
    if activations_left_out:
        names = " and ".join(sorted(set(activations_left_out)))
        notes.append(
            f"without {names} the network has fewer activations than the table: "
            "put in ones of here, such as LeakyReLU"
        )
    elif layers and not any(LAYERS[kind].group == "Activation" for kind in kinds):
        notes.append(
            "the table has no activations; if the network calls them as functions, put them in"
        )
    return notes
