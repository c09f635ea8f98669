"""From a file as it lies on a disk to the text in it that may hold a table: encodings, notebooks,
pictures.

Windows writes UTF-16 where a shell's `>` sends a program's output into a file, editors write a mark
before UTF-8, and a notebook is JSON of which nearly all may be pictures. None of that is the
reader's business.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from explorer.imports.onnx_file.model import is_onnx
from explorer.imports.summary.rows import Parts, SummaryError

MAX_BYTES = 8_000_000  # of a file: a notebook with many pictures
# That are left of it without pictures; a README with the logs of a hundred epochs has a tenth.
MAX_CHARS = 500_000

# --- bytes ----------------------------------------------------------------------------------------

_MARKS = (  # UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NO_TEXT = (
    (b"\x89PNG", "a picture; copy the table as text"),
    (b"\xff\xd8\xff", "a picture; copy the table as text"),
    (b"GIF8", "a picture; copy the table as text"),
    (b"%PDF", "a PDF; copy the table as text"),
    (b"\x89HDF", "a Keras or HDF5 file; print the model with torchsummary or torchinfo instead"),
    (b"\x80", "a pickle; print the model with torchsummary or torchinfo instead"),
    (
        b"PK\x03\x04",
        (
            "a zip file or weights saved by torch.save; print the model with torchsummary or "
            "torchinfo instead"
        ),
    ),
    (b"\x1f\x8b", "a compressed file; unpack it"),
)


def decode_file(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or UTF-32, or in Windows' western characters if it is
    none of them.

    Raises SummaryError where the file is no text or too long, and says what it is.
    """
    if len(data) > MAX_BYTES:
        raise SummaryError(
            f"the file has more than {MAX_BYTES:,} bytes, the most that are read: "
            "paste the table alone"
        )
    if is_onnx(data):
        raise SummaryError(
            "this is an ONNX file; Open… on the Build page reads it, "
            "and so does “python -m explorer import”"
        )
    for begins, what in _NO_TEXT:
        if data.startswith(begins):
            raise SummaryError(f"this is {what}")
    encoding = next(
        (encoding for mark, encoding in _MARKS if data.startswith(mark)), None
    ) or _without_mark(data)
    return data.decode(encoding, "replace")


def _without_mark(data: bytes) -> str:
    """The encoding of bytes that do not tell it: UTF-16 shows by its zeros, UTF-8 by being no
    error.
    """
    beginning = data[:4000]
    zeros = beginning[1::2].count(0), beginning[::2].count(0)
    if max(zeros) > len(beginning) / 5:
        return "utf-16-le" if zeros[0] > zeros[1] else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


# --- pictures and notebooks -----------------------------------------------------------------------

_PICTURE = re.compile(r"data:[\w.+/-]{1,80}(?:;[\w=-]{1,40}){0,3};base64,[A-Za-z0-9+/=\\\r\n]{40,}")
# A picture in a notebook of which only a part was copied, so that it is no JSON.
_OUTPUT = re.compile(
    r'"(?:image/[\w.+-]{1,40}|application/(?!json)[\w.+-]{1,60})":\s{0,9}(?:"[^"]*"|\[[^\]]*\])'
)


@dataclass(frozen=True)
class Document:
    """The text in which networks are looked for; `parts` name the pieces of a notebook that it was
    put together from. `code` has the same lines, of which those that are no code are empty.
    """

    text: str
    parts: Parts = ()
    code: str = ""
    is_notebook: bool = False


def read_document(text: str) -> Document:
    """The text without its pictures; of a notebook what its cells say and printed, one after the
    other.

    Raises SummaryError where too much is left.
    """
    if len(text) > MAX_BYTES:
        raise SummaryError(f"the text has {len(text):,} characters; at most {MAX_BYTES:,} are read")
    text = text.encode("utf-8", "replace").decode()  # half characters, which no message could show
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    cells = notebook_cells(text)
    pieces = (
        []
        if cells is None
        else [piece for place, cell in enumerate(cells, start=1) for piece in _pieces(cell, place)]
    )
    if cells is not None:
        text = "\n".join(piece for _, piece, _ in pieces)
    text = _OUTPUT.sub(_only_line_ends, _PICTURE.sub(_only_line_ends, text))
    if len(text) > MAX_CHARS:
        raise SummaryError(
            f"the text has {len(text):,} characters without pictures; "
            f"at most {MAX_CHARS:,} are read: paste the table alone"
        )
    if cells is None and has_escaped_line_ends(text):
        return Document(text, ((1, "the text in the JSON"),))
    if cells is None:
        return Document(text, code=text)
    firsts = accumulate((piece.count("\n") + 1 for _, piece, _ in pieces), initial=1)
    parts = ((first, name) for first, (name, _, _) in zip(firsts, pieces, strict=False))
    code = "\n".join(piece if is_code else "\n" * piece.count("\n") for _, piece, is_code in pieces)
    return Document(text, tuple(parts), code, is_notebook=True)


def _only_line_ends(found: re.Match[str]) -> str:
    """What is left of a picture, so that the lines below it keep their numbers."""
    return " " + "\n" * found[0].count("\n")


def has_escaped_line_ends(text: str) -> bool:
    """Whether most line ends stand as \\n: a part of a notebook's JSON, say, which is no JSON by
    itself.
    """
    return text.count("\\n") > text.count("\n")


def notebook_cells(text: str) -> list[Any] | None:
    """The cells of a notebook's JSON; None where the text is something else."""
    if not text.lstrip().startswith("{") or '"cells"' not in text:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = data.get("cells") if isinstance(data, dict) else None
    return cells if isinstance(cells, list) else None


def _pieces(cell: Any, place: int) -> Iterator[tuple[str, str, bool]]:
    """(name, text, whether it is code) of a cell's source and of what it printed.

    Its pictures, pages and scripts are left where they are.

    The name has the number that a notebook shows beside a cell that has run, else its place.
    """
    if not isinstance(cell, dict):
        return
    count = cell.get("execution_count")
    name = f"cell [{count}]" if type(count) is int else f"cell {place} from the top"
    yield name, _joined(cell.get("source")), cell.get("cell_type") not in ("markdown", "raw")
    outputs = cell.get("outputs")
    printed = (
        [_printed(output) for output in outputs if isinstance(output, dict)]
        if isinstance(outputs, list)
        else []
    )
    yield (
        f"the output of {name}",
        "".join(text if text.endswith("\n") else f"{text}\n" for text in printed if text),
        False,
    )


def _printed(output: dict[str, Any]) -> str:
    data = output.get("data")
    shown = data.get("text/plain") or data.get("text/html") if isinstance(data, dict) else None
    return _joined(output.get("text")) or _joined(shown)


def _joined(lines: Any) -> str:
    """A notebook's text, which stands in one string or in a list of lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""
