"""Who is a teacher, as whoever runs the server says in the environment."""

import os

from explorer.text import counted

TEACHER_KEY = "EXPLORER_TEACHER_KEY"  # whoever types it is a teacher
TEACHERS = "EXPLORER_TEACHERS"  # as the school's log-in names them, parted by commas


def teacher_key() -> str:
    """The key that makes somebody a teacher; "" where none was set."""
    return os.environ.get(TEACHER_KEY, "").strip()


def named_teachers() -> frozenset[str]:
    """What the school's log-in calls those who are teachers: subjects or addresses."""
    return frozenset(each.strip() for each in os.environ.get(TEACHERS, "").split(",")) - {""}


def teachers_text() -> str:
    """Who is a teacher on a server that others reach, for whoever starts it."""
    told = []
    if teacher_key():
        told.append(f"A teacher types the key in {TEACHER_KEY} into the menu with their name.")
    if named := named_teachers():
        told.append(f"{TEACHERS} names {counted(len(named), 'teacher')}.")
    return "\n".join(told) or (
        f"Nobody is a teacher. To be one, start it with {TEACHER_KEY}=… and type that key into the "
        "menu with\nyour name."
    )
