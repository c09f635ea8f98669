"""The lessons that come with the explorer: presets/lessons/*.json, each what a link holds, the
network, the recipe and the lesson itself. A file's name is the lesson's id.
"""

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from explorer.lesson.lesson import Lesson
from explorer.link import LinkError, Shared, parse_shared
from explorer.presets import FOLDER
from explorer.refusal import Refusal
from explorer.text import quoted

PARAMETER = "lesson"  # of the address
ORDER = ("shapes", "parameters", "regularisation")  # in which they are offered


class NoSuchLesson(Refusal, ValueError):
    """No lesson has this id; the message names those that there are."""


@cache
def ready_lessons() -> Mapping[str, Shared]:
    """The work of each lesson, by id. Raises LinkError where a file is none."""
    return MappingProxyType({id: _read(id) for id in ORDER})


def find_lesson(id: str) -> Shared:
    """The work of the lesson with this id. Raises NoSuchLesson."""
    found = ready_lessons().get(id)
    if found is None:
        known = ", ".join(ready_lessons())
        raise NoSuchLesson(f"There is no lesson {quoted(id)} here; there are {known}.")
    return found


def lesson_of(shared: Shared) -> Lesson:
    """The lesson of work that has one."""
    if shared.lesson is None:
        raise LinkError("there is no lesson in it")
    return shared.lesson


def _read(id: str) -> Shared:
    path = FOLDER / "lessons" / f"{id}.json"
    try:
        shared = parse_shared(json.loads(path.read_text(encoding="utf-8")))
        lesson_of(shared)
    except ValueError as error:
        raise LinkError(f"lessons/{id}.json: {error}") from None
    return shared
