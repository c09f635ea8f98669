"""Refusal: what was asked for cannot be done."""


class Refusal(Exception):
    """The message is a sentence for whoever asked: what was wrong, where, and what would be
    right.
    """
