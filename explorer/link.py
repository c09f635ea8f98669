"""What a page holds as the text of a link, ?a=…, and back.

The text is a version, a dot, and base64url of zlib of JSON: the forms of the files. A link comes
from anyone, so nothing in it is trusted: its length is bounded before and after it is unpacked, and
its parts become what they are through the same models as a file's.
"""

import base64
import json
import re
import zlib
from dataclasses import dataclass, field
from typing import Any

from explorer.assignment.assignment import Assignment, AssignmentError, parse_assignment
from explorer.assignment.assignment import to_data as assignment_to_data
from explorer.json_reading import check_depth
from explorer.lesson.lesson import Lesson, LessonError, parse_lesson
from explorer.lesson.lesson import to_data as lesson_to_data
from explorer.network.architecture_json import parse_architecture
from explorer.network.architecture_json import to_data as architecture_to_data
from explorer.network.spec import Architecture, ArchitectureError
from explorer.presets import load_presets
from explorer.training.recipe import Recipe, RecipeError, parse_recipe
from explorer.training.recipe import to_short_data as recipe_to_data

PARAMETER = "a"  # of the address
VERSION = 1
MAX_CHARACTERS = 16_000  # of a link; more than a stack of 200 layers takes
MAX_BYTES = 400_000  # of what is in it; more than the largest network takes
_TEXT = re.compile(r"([0-9]{1,4})\.([A-Za-z0-9_-]+)")


class LinkError(ValueError):
    """The text is no link's, or holds more than a link can."""


@dataclass(frozen=True)
class Shared:
    """What a link holds. `start` is the id of the preset that the work began from, "" if there was
    none; `lesson` is None where the work is part of no lesson.
    """

    architecture: Architecture
    recipe: Recipe = field(default_factory=Recipe)
    assignment: Assignment = field(default_factory=Assignment)
    start: str = ""
    lesson: Lesson | None = None


def encode(shared: Shared) -> str:
    """The text of a link. The same work gives the same text. Raises LinkError if it would be too
    long.
    """
    data = json.dumps(to_data(shared), ensure_ascii=False, separators=(",", ":")).encode()
    text = f"{VERSION}.{base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip('=')}"
    if len(text) > MAX_CHARACTERS or len(data) > MAX_BYTES:
        raise LinkError("this is too much for a link; download it as JSON instead")
    return text


def decode(text: str) -> Shared:
    """What the text of a link holds. Raises LinkError."""
    if len(text) > MAX_CHARACTERS:
        raise LinkError(
            f"the link has {len(text):,} characters; the longest has {MAX_CHARACTERS:,}"
        )
    match = _TEXT.fullmatch(text)
    if not match:
        raise LinkError("the link is not one of this program's, or it is cut off")
    if int(match[1]) != VERSION:
        raise LinkError(f"the link is of version {match[1]}; this program reads version {VERSION}")
    try:
        return parse_shared(json.loads(_unpacked(match[2])))
    except LinkError:
        raise
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or brackets nested too deeply
        raise LinkError("the link is damaged") from None


def to_data(shared: Shared) -> dict[str, Any]:
    """The JSON form as an object, with recipe and assignment written out in full, as our defaults
    may change; but for parts of a recipe that are off where nothing is said of them. Without a
    lesson nothing is said of one, so that links stay what they were.
    """
    lesson = {"lesson": lesson_to_data(shared.lesson)} if shared.lesson else {}
    return {
        "architecture": architecture_to_data(shared.architecture),
        "recipe": recipe_to_data(shared.recipe),
        "assignment": assignment_to_data(shared.assignment),
        "start": shared.start,
        **lesson,
    }


def parse_shared(data: Any) -> Shared:
    """The work in a link or a saved file. Raises LinkError, which says where it is wrong."""
    check_depth(data, LinkError)
    if not isinstance(data, dict) or "architecture" not in data:
        raise LinkError("there is no architecture in it")
    if unknown := set(data) - {"architecture", "recipe", "assignment", "start", "lesson"}:
        raise LinkError(f"it holds something unknown, {json.dumps(min(unknown)[:40])}")
    start = data.get("start")
    try:
        return Shared(
            parse_architecture(data["architecture"]),
            parse_recipe(data.get("recipe", {})),
            parse_assignment(data.get("assignment", {})),
            start if isinstance(start, str) and start in load_presets() else "",
            parse_lesson(data["lesson"]) if "lesson" in data else None,
        )
    except (ArchitectureError, RecipeError, AssignmentError, LessonError) as error:
        raise LinkError(str(error)) from None


def _unpacked(text: str) -> bytes:
    """The bytes in a link's text, unpacked no further than a link may hold."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(
            base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), MAX_BYTES + 1
        )
    except (ValueError, zlib.error):
        raise LinkError("the link is damaged") from None
    if len(data) > MAX_BYTES:
        raise LinkError("the link holds more than an architecture")
    if not unpacker.eof or unpacker.unused_data:
        raise LinkError("the link is damaged or cut off")
    return data
