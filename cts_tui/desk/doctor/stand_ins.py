"""Stand-ins: the same name always becomes the same word, and nothing leads back to it.

Two kinds of text are told apart. In what the program itself says (a version, a state) only known
names, paths and secrets can stand. Prose (errors, lines of the log) may hold anything: there every
number, address and token goes that could be somebody's.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cts_tui.redaction import redacted

NAMES_UNKNOWN: Final = "left out: the names to replace could not be read from the store"
_SHORT: Final = 4
"""A shorter name is only replaced where it stands alone."""
_NUMBER: Final = re.compile(
    r"<[a-z]+(?:-\d+)?>|(?P<before>line |HTTP |\.py:|(?i:\b\w*code)\W{1,3})?"
    r"\d+(?:[.,_]\d+)*(?:[eE][-+]?\d+)?(?P<unit> ?(?:ms|s|MB|GB|kB|%|bytes)(?!\w))?"
)
"""Also where it is glued to letters (0.5ETH); stand-ins are matched so that they are left alone."""
_SMALL: Final = 2
"""Whole numbers of so few digits are counts."""
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>)]+", re.IGNORECASE)
_MAIL: Final = re.compile(r"[\w.+-]+@[\w.-]+")
_ADDRESS: Final = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|(?<![\w:])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7}(?!\w)"
)
_ENDINGS: Final = (
    "com|net|org|io|co|dev|app|cloud|local|lan|internal|exchange|info|xyz|site|online|tech|trade"
    "|trading|finance|host|home|corp|biz|pro|live|space|world|page|run|[a-z]{2}"
)
_HOST: Final = re.compile(
    rf"\b(?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?::\d+)?\b|(?<![\w.<])[a-z][\w-]*(?:\.[\w-]+)*:\d{{2,5}}\b",
    re.IGNORECASE,
)
_PATH: Final = re.compile(
    r"(?<=['\"])/[^'\"\n]+(?=['\"])|(?<![\w>./])/(?:[\w.@+~-]+(?: [\w.@+~-]+)*/)*[\w.@+~-]+"
)
_TOKEN: Final = re.compile(
    r"(?<![\w<])(?:(?=(?:[A-Za-z_=+-]*\d){2})(?=\d*[A-Za-z])[A-Za-z0-9_+=-]{6,}"
    r"|(?=[A-Za-z0-9_+/=-]*\d)[A-Za-z0-9_+=-]{10,})(?![\w>]|\.\d)"
)
_LONG: Final = re.compile(r"(?<![\w<])[A-Za-z0-9+/=_-]{24,}(?![\w>])")
_OWN_WORD: Final = re.compile(r"[a-z_]+|<[a-z]+-?\d*>")
_CONTROL: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
_TIME: Final = re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?)?")


class StandIns:
    """Replaces what is known, and what looks like it, by words that are always the same."""

    def __init__(
        self,
        known: Mapping[str, Iterable[str]],
        fixed: Mapping[str, str],
        *,
        is_blind: bool = False,
    ) -> None:
        """`known` are values by kind, numbered as they come; `fixed` have words of their own.

        `is_blind` where names that should be known are not: then no prose is told at all.
        """
        self._is_blind = is_blind
        self._words: dict[str, str] = {text: word for text, word in fixed.items() if text}
        self._numbers: dict[str, int] = {}
        for kind, values in known.items():
            for value in values:
                if value.strip():
                    self.word(kind, value)
        ordered = sorted(self._words, key=len, reverse=True)
        self._known = re.compile("|".join(map(_pattern, ordered))) if ordered else None

    def name(self, text: str) -> str:
        """Return `text` without known names, paths and secrets."""
        text = redacted(text)
        if self._known is None:
            return text
        return self._known.sub(lambda found: self._words[found.group()], text)

    def prose(self, text: str) -> str:
        """Return `text` also without numbers, addresses and tokens that may be somebody's."""
        return NAMES_UNKNOWN if self._is_blind and text else self.masked(text)

    def masked(self, text: str) -> str:
        """Return prose that names nobody but by chance, as errors about files do."""
        text = self.name(_CONTROL.sub("", text))
        text = self._each(_URL, "address", text)
        text = self._each(_MAIL, "address", text)
        text = _TIME.sub("<time>", text)
        text = self._each(_ADDRESS, "host", text)
        text = self._each(_PATH, "path", text)
        text = self._each(_HOST, "host", text, _is_host)
        text = self._each(_TOKEN, "id", text)
        text = self._each(_LONG, "id", text, lambda token: not _OWN_WORD.fullmatch(token))
        return _NUMBER.sub(_amount, text)

    def _each(
        self,
        pattern: re.Pattern[str],
        kind: str,
        text: str,
        wanted: Callable[[str], bool] = bool,
    ) -> str:
        def replaced(found: re.Match[str]) -> str:
            return self.word(kind, found.group()) if wanted(found.group()) else found.group()

        return pattern.sub(replaced, text)

    def word(self, kind: str, value: str) -> str:
        """Return the stand-in of a value that is known to be of a kind."""
        word = self._words.get(value)
        if word is None:
            self._numbers[kind] = self._numbers.get(kind, 0) + 1
            word = self._words[value] = f"<{kind}-{self._numbers[kind]}>"
        return word


def _pattern(text: str) -> str:
    escaped = re.escape(text)
    return escaped if len(text) >= _SHORT else rf"(?<![\w]){escaped}(?![\w])"


def _is_host(text: str) -> bool:
    """Return whether a dotted word is a host and no module or file of a program."""
    return not re.fullmatch(
        r"[\w.-]+\.(py|db|gz|so|log|toml|md)(:\d+)?", text
    ) and not text.startswith(("cts_tui.", "engine.", "market.", "store."))


def _amount(found: re.Match[str]) -> str:
    text = found.group()
    is_count = text.isdigit() and len(text) <= _SMALL
    is_plain = text.startswith("<") or found["before"] or found["unit"] or is_count
    return text if is_plain else "<number>"
