"""What a process knows to be secret does not leave it in words."""

import base64
import json
import logging
import resource
from collections.abc import Iterator
from urllib.parse import quote_plus

import pytest

from cts_tui import redaction
from cts_tui.redaction import RedactingFormatter, keep_secret, redacted

SECRET = 'a+"b/c=d\\é 0123456789'


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test makes secret is none for the others."""
    monkeypatch.setattr(redaction, "_known", ())
    yield


def refuse(key: str) -> None:
    raise ValueError(f"no such key: {key}")


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        json.dumps({"secret": SECRET}),
        json.dumps({"secret": SECRET}, ensure_ascii=False),
        repr([SECRET]),
        f"https://x/?key={quote_plus(SECRET)}&n=1",
        base64.b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_masked_however_it_is_spelled(spelled: str) -> None:
    keep_secret([SECRET])
    assert "0123456789" not in redacted(spelled)
    assert "***" in redacted(spelled)


def test_the_longer_of_two_secrets_is_masked_whole() -> None:
    keep_secret(["abcdefgh", "abcdefghijkl"])
    assert redacted("abcdefghijkl") == "***"


def test_every_line_of_a_private_key_is_masked() -> None:
    lines = ["-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB"]
    keep_secret(["\n".join(lines)])
    assert redacted(f"line 2 is {lines[1]}") == "line 2 is ***"
    assert redacted(lines[0]) == lines[0]


def test_short_values_stay_where_they_could_be_words_or_figures() -> None:
    keep_secret(["1000", "demo", "", "   "])
    assert redacted("demo has 1000 candles") == "demo has 1000 candles"


def test_a_log_line_and_its_traceback_hold_no_secret() -> None:
    keep_secret([SECRET])
    with pytest.raises(ValueError, match="no such key") as raised:
        refuse(SECRET)
    fault = (raised.type, raised.value, raised.tb)
    record = logging.LogRecord("x", 40, "x", 1, "refused %s", (SECRET,), fault)
    line = RedactingFormatter().format(record)
    assert "0123456789" not in line
    assert "Traceback" in line


def test_a_process_that_knows_a_secret_leaves_no_core_file() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        keep_secret([SECRET])
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))
