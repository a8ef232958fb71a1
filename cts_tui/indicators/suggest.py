"""The nearest known word to one that is not known: the end of many messages to the user."""

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 40
"""Longer words are cut: no known name is that long, and the comparison stays cheap."""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean rsi?` for the known word nearest to `word`, or an empty text."""
    near = get_close_matches(word[:_LONGEST].lower(), list(known), n=1, cutoff=0.65)
    return f"; did you mean {near[0]}?" if near else ""
