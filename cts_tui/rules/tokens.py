"""The words of a rule, each with its place: the first step of the parser."""

import re
from typing import Final, NamedTuple

from cts_tui.errors import RuleError

LONGEST_RULE: Final = 2_000
"""Characters; checked before anything is read, so that hostile input costs nothing."""

END: Final = "end of the rule"

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_0-9]))
      | (?P<name>[A-Za-z_][A-Za-z_0-9]*)
      | (?P<text>"[^"\n]*"|'[^'\n]*')
      | (?P<symbol><=|>=|==|!=|[-+*/<>()\[\],.])""",
    re.VERBOSE | re.ASCII,
)

_HINTS: Final = {
    "=": "; write == to compare",
    "!": "; write `not`",
    "&": "; write `and`",
    "|": "; write `or`",
    "^": "; there is no power",
    "%": "; write 0.02 instead of 2%",
    "{": "; write ( and )",
    "“": '; write plain quotes "',
    "≤": "; write <=",
    "≥": "; write >=",
    "≠": "; write !=",
    "×": "; write *",
    "−": "; write -",
}


class Token(NamedTuple):
    """One word of a rule; `position` is its 0-based column."""

    kind: str
    """number, name, text, symbol or end."""
    text: str
    position: int

    def __str__(self) -> str:
        return END if self.kind == "end" else f"`{_short(self.text)}`"


def fault(message: str, position: int) -> RuleError:
    """Return the error for `message` at `position`, its column (from 1) in front."""
    return RuleError(f"column {position + 1}: {message}", position)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text`, the last of kind `end`.

    Raises RuleError for a text that is too long, or a character outside the language.
    """
    if len(text) > LONGEST_RULE:
        raise fault(
            f"a rule has at most {LONGEST_RULE} characters, found {len(text)}", LONGEST_RULE
        )
    tokens, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise fault(_unreadable(text, place), place)
        kind = match.lastgroup or ""
        if kind != "space":
            tokens.append(Token(kind, match.group(), place))
        place = match.end()
    return [*tokens, Token("end", "", len(text))]


def _unreadable(text: str, place: int) -> str:
    found = text[place]
    if found in "\"'":
        return "the quoted text does not end"
    if found.isascii() and found.isdigit():
        return f"`{_short(text[place:].split(maxsplit=1)[0])}` is not a number"
    shown = found if found.isprintable() else f"\\x{ord(found):02x}"
    return f"`{shown}` is not part of the language{_HINTS.get(found, '')}"


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:20]}…"
