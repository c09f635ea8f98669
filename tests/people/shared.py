"""People who ask for something in the tests."""

from explorer.people.person import Person, Role

TEACHER = Person("teacher-in-tests", "Tess", Role.TEACHER)
SOMEBODY = Person("somebody", "Somebody")
ANN, ANNA, BEN = Person("ann", "Ann"), Person("anna", "Anna"), Person("ben", "Ben")


def student(id: str) -> Person:
    return Person(id, id.capitalize())
