"""Where in the text of a strategy file a fault lies: from field and column of a rule to a line."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_QUOTES: Final = ('"""', "'''", '"', "'")
_ESCAPE: Final = re.compile(
    r"\\(?:u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|(?P<joined>[ \t]*\r?\n\s*)|.)", re.DOTALL
)


class Place(NamedTuple):
    """A place in a text, counted from 1."""

    line: int
    column: int


def place_of(text: str, field: str, position: int | None = None) -> Place | None:
    """Return where the value of `field` begins, or the character `position` of its rule.

    None where the text has no such field.
    """
    key = re.escape(field)
    found = re.search(rf"^[ \t]*(?:{key}|\"{key}\"|'{key}'|\[{key}\])[ \t]*=?[ \t]*", text, re.M)
    if not field or found is None:
        return None
    at = found.end()
    if position is not None:
        characters = list(_characters(text, at))
        leading = len(characters) - len("".join(text[i] for i in characters).lstrip())
        at = characters[min(leading + position, len(characters) - 1)] if characters else at
    return place_at(text, at)


def place_at(text: str, offset: int) -> Place:
    """Return the line and column of a character of `text`."""
    before = text[:offset]
    return Place(before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1)


def _characters(text: str, start: int) -> Iterator[int]:
    """Yield where each character of the TOML string at `start` stands, and where it ends."""
    quote = next((quote for quote in _QUOTES if text.startswith(quote, start)), "")
    if not quote:
        return
    at = start + len(quote)
    if len(quote) > 1 and (newline := re.compile(r"\r?\n").match(text, at)):
        at = newline.end()
    while at < len(text) and not text.startswith(quote, at):
        escape = _ESCAPE.match(text, at) if '"' in quote else None
        is_half_newline = text.startswith("\r\n", at)
        if not is_half_newline and (escape is None or not escape["joined"]):
            yield at
        at = escape.end() if escape else at + 1
    yield min(at, len(text))
