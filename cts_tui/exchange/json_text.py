"""JSON as exchanges send it: a value that is no number is null, everything else must be JSON."""

import json
import re
from typing import Any, Final

import orjson

_NOT_A_NUMBER: Final = re.compile(r"\b(?:NaN|Infinity)\b")


def parsed(text: str | bytes) -> Any:
    """Return the JSON value of `text`; NaN and Infinity become None. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if not _NOT_A_NUMBER.search(plain):
            raise
        return json.loads(plain, parse_constant=lambda _: None)
