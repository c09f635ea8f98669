"""Text of others as each place takes it, and numbers as the screens and the reports write them.

Whatever a person, a link or a file gave is escaped for the place where it is shown, there and
nowhere else: HTML by `for_html`, Markdown by `for_markdown`, a table's cell by `for_csv`. A name
goes through `printable` where it comes in.
"""

import html
import re
import unicodedata
from collections.abc import Iterable

# --- text of others -------------------------------------------------------------------------------

# Shows nothing and breaks no line: it parts what a reader of Markdown would otherwise join.
JOINER = "\u2060"

_JOINING = "\u200c\u200d"  # inside words of some scripts and inside emoji; elsewhere they only hide
# Counted as letters or marks, and show nothing.
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
# Controls, invisible signs and turned reading, half characters, private ones.
_HIDDEN = ("Cc", "Cf", "Cs", "Co")
LONGEST_INDENT = 24  # spaces, of lists in lists


def printable(text: str) -> str:
    """The text as one line of characters that can be seen.

    Letters and marks of every script and emoji stay. Control characters, halves of characters, what
    turns the direction of reading, what takes no room and what Unicode will never use go; white
    space becomes single spaces. What is left can stand in XML, in a terminal and in a file of any
    program.
    """
    line = " ".join(text.split())
    shown: list[str] = []
    for char in line:
        joins = (
            char in _JOINING
            and bool(shown)
            and not shown[-1].isascii()
            and shown[-1] not in _JOINING
        )
        if joins or _can_be_seen(char):
            shown.append(char)
    return " ".join("".join(shown).rstrip(_JOINING).split())


def printable_lines(text: str) -> str:
    """The text as lines of characters that can be seen, each indented as it was; between two of
    them one empty line at most.
    """
    lines: list[str] = []
    for line in text.expandtabs(4).splitlines():
        indent = min(len(line) - len(line.lstrip(" ")), LONGEST_INDENT)
        shown = printable(line)
        if shown or (lines and lines[-1]):
            lines.append(" " * indent + shown if shown else "")
    return "\n".join(lines).rstrip()


def _can_be_seen(char: str) -> bool:
    if char.isascii():
        return char.isprintable()
    never_used = ord(char) & 0xFFFE == 0xFFFE or "\ufdd0" <= char <= "\ufdef"
    return not (never_used or char in _BLANK or unicodedata.category(char) in _HIDDEN)


def for_html(text: str) -> str:
    """Anyone's text for HTML, as content or as a quoted attribute."""
    return html.escape(printable(text))


# What readers of Markdown turn into links, emoji, icons and arrows even where it is escaped, as
# they look for it in the text that is left: addresses, e-mail, :name:, :material/name:, and
# formulas of a notebook, which begin with \( or \[.
_JOINED = re.compile(
    r"www(?=\.)|@(?=[-\w])|:(?=//|[-+/\w]+:)|\\"
    r"|(?<!\S)(?:<(?=(?:->|-|=)(?!\S))|-(?=[->](?!\S))|[>~](?==(?!\S)))",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[\\`*_\[\]<>&$#~|!^{}]|:(?!\s)|^=|^[-+](?=[-\s]|$)|^\d{1,9}[.)](?=\s|$)")


def for_markdown(text: str) -> str:
    """Anyone's text as one line of Markdown that is read as it stands, on the screens and in files.

    Everything that could be markup is escaped, at the beginning of a line and in a table too. Where
    a reader of Markdown heeds no escape, as with bare addresses, a joiner that shows nothing stands
    in between.
    """
    parted = _JOINED.sub(lambda found: f"{found[0]}{JOINER}", printable(text))
    return _MARKUP.sub(lambda found: f"{found[0][:-1]}\\{found[0][-1]}", parted)


# After a semicolon too, at which some countries' spreadsheets part cells.
_FORMULA = re.compile(r"(^|;\s*)(?=[=+\-@＝＋－＠])")


def for_csv(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula: an apostrophe stands before what would be
    one.

    Numbers stay numbers, those written as text too.
    """
    if not isinstance(cell, str):
        return cell
    text = printable(cell)
    return text if _is_number(text) else _FORMULA.sub(r"\1'", text)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def quoted(text: str, limit: int = 60) -> str:
    """Somebody's word as a message names it, cut where it is long: “nosuchrun”."""
    line = printable(text)
    return f"“{line if len(line) <= limit else line[: limit - 1].rstrip() + '…'}”"


def sentence(text: str) -> str:
    """A message as a sentence: "there is no run here" -> "There is no run here.".

    A first word that is code (kernel_size, model.py) stays as it is.
    """
    text = text.strip()
    first = re.match(r"[a-z][\w.]*", text)
    if first and first[0].rstrip(".").isalpha():
        text = text[0].upper() + text[1:]
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


# --- numbers --------------------------------------------------------------------------------------


def short_count(value: int) -> str:
    """1492698 -> "1.49 M"; below ten thousand in full."""
    if value < 10_000:
        return f"{value:,}"
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if value >= size:
            return f"{value / size:.3g} {letter}"
    raise AssertionError("a value of at least ten thousand is at least a thousand")


def short_bytes(value: int) -> str:
    """1500000 -> "1.43 MB", of 2**20 bytes."""
    if value < 2**20:
        return f"{value / 2**10:.1f} KB"
    return f"{value / 2**20:.2f} MB"


def size_text(sizes: Iterable[int]) -> str:
    """(16, 24, 24) -> "16×24×24", as every screen and table writes shapes and sizes."""
    return "×".join(map(str, sizes))


def counted(count: int, noun: str) -> str:
    """(1, "layer") -> "1 layer"; (1437, "layer") -> "1,437 layers"."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def ordinal(number: int) -> str:
    """4 -> "4th"; 11 -> "11th"; 22 -> "22nd"."""
    if number % 100 in (11, 12, 13):
        return f"{number:,}th"
    return f"{number:,}" + {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


NO_BREAK = "\u00a0"  # a space at which no line ends


def percent(share: float, digits: int = 2) -> str:
    """0.994 -> "99.40 %". What is there but rounds to nothing: 0.00001 -> "< 0.01 %"."""
    least = 10**-digits
    if 0 < 100 * share < least / 2:
        return f"< {least:.{digits}f} %"
    return f"{100 * share:.{digits}f} %"


def points(share: float) -> str:
    """0.0008 -> "0.08 points": a difference of two shares, or how far one may be off."""
    return f"{100 * share:.2f} points"


def duration(seconds: float) -> str:
    """3725 -> "1 h 02 min"; 75 -> "1 min 15 s"; 7 -> "7 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def bytes_text(count: int) -> str:
    """1_234_000_000 -> "1.2 GB", 594_000_000 -> "594 MB", 2_400_000 -> "2.4 MB", 36_000 -> "36 kB":
    as disks are sold.
    """
    if count >= 1_000_000_000:
        return f"{count / 1e9:,.1f} GB"
    if count >= 1_000_000:
        return f"{count / 1e6:,.0f} MB" if count >= 10_000_000 else f"{count / 1e6:.1f} MB"
    return f"{count / 1e3:.0f} kB"
