"""A class: its people, what it was given to do, what it handed in, and its board."""
