"""Person: whoever asks for something, as the server knows them."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    STUDENT = "student"
    TEACHER = "teacher"


@dataclass(frozen=True)
class Person:
    """Whoever asks for something. What they start or save has their `id` as its owner."""

    id: str
    name: str
    role: Role = Role.STUDENT

    @property
    def is_teacher(self) -> bool:
        return self.role is Role.TEACHER


# Whoever can run a command on the machine can change the files of the runs too.
SHELL = Person("shell", "command line", Role.TEACHER)
