"""Friendly made-up names, for those who tell none: "Curious Otter"."""

import secrets
from collections.abc import Callable

MOODS = [
    "Agile",
    "Brave",
    "Bright",
    "Calm",
    "Careful",
    "Cheerful",
    "Clever",
    "Curious",
    "Daring",
    "Eager",
    "Fearless",
    "Friendly",
    "Gentle",
    "Happy",
    "Honest",
    "Humble",
    "Jolly",
    "Keen",
    "Kind",
    "Lively",
    "Lucky",
    "Merry",
    "Mighty",
    "Nimble",
    "Patient",
    "Playful",
    "Polite",
    "Proud",
    "Quick",
    "Quiet",
    "Sharp",
    "Steady",
    "Sunny",
    "Swift",
    "Thoughtful",
    "Tidy",
    "Wise",
    "Witty",
]
ANIMALS = [
    "Badger",
    "Bear",
    "Beaver",
    "Bee",
    "Bison",
    "Crane",
    "Cricket",
    "Deer",
    "Dolphin",
    "Dragonfly",
    "Eagle",
    "Falcon",
    "Finch",
    "Fox",
    "Frog",
    "Gecko",
    "Hare",
    "Hedgehog",
    "Heron",
    "Ibex",
    "Jay",
    "Kestrel",
    "Koala",
    "Lark",
    "Lemur",
    "Lynx",
    "Magpie",
    "Marmot",
    "Mole",
    "Moose",
    "Newt",
    "Octopus",
    "Orca",
    "Otter",
    "Owl",
    "Panda",
    "Parrot",
    "Penguin",
    "Puffin",
    "Raven",
    "Robin",
    "Seal",
    "Sparrow",
    "Squirrel",
    "Stork",
    "Swan",
    "Tiger",
    "Toad",
    "Turtle",
    "Walrus",
    "Whale",
    "Wolf",
    "Wren",
    "Zebra",
]
TRIES = 20  # before a name gets a number


def made_up_name(is_taken: Callable[[str], bool]) -> str:
    """A name that nobody has yet."""
    for _ in range(TRIES):
        name = _draw()
        if not is_taken(name):
            return name
    while True:
        name = f"{_draw()} {2 + secrets.randbelow(9_998)}"
        if not is_taken(name):
            return name


def _draw() -> str:
    return f"{secrets.choice(MOODS)} {secrets.choice(ANIMALS)}"
