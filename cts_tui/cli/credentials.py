"""Credentials as a command takes them: JSON on stdin, or variables; never on the command line.

Nothing of what was given is ever echoed, not even where it is wrong.
"""

import json
import os
import re
import sys
from typing import Final

from cts_tui.errors import ConfigError
from cts_tui.model.credentials import CCXT_NAMES, Credentials

_NAMES: Final = tuple(CCXT_NAMES.values())
_FORM: Final = 'expected {"apiKey": "…", "secret": "…"}, where asked for also ' + ", ".join(
    _NAMES[2:]
)
_MOST_BYTES: Final = 65_536
_PREFIX: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def given_credentials(*, from_stdin: bool, prefix: str | None) -> Credentials | None:
    """Return the credentials of a command, None where it was given none. Raises ConfigError."""
    if from_stdin and prefix is not None:
        raise ConfigError("give either --credentials-stdin or --credentials-env, not both")
    if from_stdin:
        return _from_stdin()
    return None if prefix is None else _from_environment(prefix)


def _from_stdin() -> Credentials:
    if sys.stdin is None or sys.stdin.isatty():
        raise ConfigError(
            "--credentials-stdin reads JSON from a pipe or a file, and stdin is a terminal, where "
            "it would be seen: … --credentials-stdin < FILE"
        )
    raw = sys.stdin.buffer.read(_MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise ConfigError(f"--credentials-stdin: more than {_MOST_BYTES} bytes; {_FORM}")
    if not raw.strip():
        raise ConfigError(f"--credentials-stdin: stdin is empty; {_FORM}")
    return _parsed(raw)


def _parsed(raw: bytes) -> Credentials:
    try:
        values = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ConfigError(f"--credentials-stdin: stdin holds no JSON; {_FORM}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"--credentials-stdin: stdin holds no JSON object; {_FORM}")
    unknown = len(values.keys() - set(_NAMES))
    if unknown:
        raise ConfigError(
            f"--credentials-stdin: {unknown} unknown name{'s' * (unknown != 1)}; "
            f"known are {', '.join(_NAMES)}"
        )
    texts = {name: value for name, value in values.items() if value is not None}
    for name, value in texts.items():
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"--credentials-stdin: {name} is no text, or empty; {_FORM}")
    return _some(texts, "--credentials-stdin")


def _from_environment(prefix: str) -> Credentials:
    if not _PREFIX.fullmatch(prefix):
        raise ConfigError(
            "--credentials-env takes the beginning of names of variables, like BYBIT for "
            "BYBIT_API_KEY and BYBIT_SECRET"
        )
    variables = {spelled: f"{prefix}_{name.upper()}" for name, spelled in CCXT_NAMES.items()}
    texts = {name: os.environ.get(variable, "") for name, variable in variables.items()}
    if not any(text.strip() for text in texts.values()):
        raise ConfigError(
            f"--credentials-env {prefix}: none of {', '.join(variables.values())} is set"
        )
    return _some(texts, "--credentials-env")


def _some(texts: dict[str, str], option: str) -> Credentials:
    """Return the credentials, space at their ends cut off."""
    credentials = Credentials.from_ccxt({name: text.strip() for name, text in texts.items()})
    if not credentials.given:
        raise ConfigError(f"{option}: no credential was given; {_FORM}")
    return credentials
