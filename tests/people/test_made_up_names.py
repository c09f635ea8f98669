"""Friendly made-up names."""

from explorer.people.made_up_names import ANIMALS, MOODS, made_up_name


def test_a_name_is_a_mood_and_an_animal() -> None:
    mood, animal = made_up_name(lambda name: False).split()
    assert mood in MOODS
    assert animal in ANIMALS
    assert len(set(MOODS)) == len(MOODS)
    assert len(set(ANIMALS)) == len(ANIMALS)


def test_nobody_gets_a_name_that_is_taken() -> None:
    taken: set[str] = set()
    for _ in range(5_000):  # more than there are without a number
        name = made_up_name(taken.__contains__)
        assert name not in taken
        taken.add(name)
