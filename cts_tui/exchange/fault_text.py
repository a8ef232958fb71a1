"""What an exchange's error says, fit for a screen: one short line, no address, no secret."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, quote_plus

LONGEST: Final = 200
_URL: Final = re.compile(r"\b(?:https?|wss?)://([^\s/?#\"']+)([^\s?#\"']*)[^\s\"']*")
_TAGS: Final = re.compile(r"<[^>]*>")
_SPACE: Final = re.compile(r"\s+")
_SIGNED: Final = re.compile(
    r"(?i)\b(signature|sign|apikey|api[_-]key|secret|passphrase|token|listenkey)"
    r"([\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+"
)
_REASONS: Final = ("msg", "retMsg", "sMsg", "message", "error_description", "error", "reason")
_CODES: Final = ("code", "retCode", "sCode", "errorCode", "error_code", "label")
_NESTED: Final = ("data", "error", "errors", "result")


@dataclass(frozen=True, slots=True)
class Said:
    """What the exchange itself said."""

    reason: str
    code: str = ""


def said_in(text: str, secrets: Iterable[str] = ()) -> Said:
    """Return the reason and code of a ccxt message.

    `binance {"code":-2010,"msg":"Account has insufficient balance"}` → that message, `-2010`.
    """
    start = text.find("{")
    if start >= 0:
        try:
            answer, _ = json.JSONDecoder().raw_decode(text[start:])
        except ValueError:
            answer = None
        if isinstance(answer, dict):
            reason, code = _reason(answer)
            if reason or code:
                return Said(clean(reason, secrets), clean(code, secrets)[:40])
    return Said(clean(text, secrets))


def clean(text: str, secrets: Iterable[str] = (), longest: int = LONGEST) -> str:
    """Return `text` as one line without secrets, signatures, queries of addresses and tags."""
    result = redacted(text, secrets)
    result = _URL.sub(lambda found: found[1].rpartition("@")[2] + found[2], result)
    result = _SIGNED.sub(r"\1\2***", result)
    result = _SPACE.sub(" ", _TAGS.sub(" ", result)).strip()
    result = "".join(letter for letter in result if letter.isprintable())
    return result if len(result) <= longest else result[: longest - 1].rstrip() + "…"


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return `text` with every secret replaced, in the spellings that addresses give it."""
    spelled = {
        form
        for secret in secrets
        if len(secret) >= 4
        for form in (secret, quote(secret, safe=""), quote_plus(secret), secret.encode().hex())
    }
    for form in sorted(spelled, key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def _reason(answer: dict[str, Any]) -> tuple[str, str]:
    reason = next((str(answer[key]) for key in _REASONS if _is_plain(answer.get(key))), "")
    code = next((str(answer[key]) for key in _CODES if _is_plain(answer.get(key))), "")
    for key in _NESTED:
        inner = answer.get(key)
        first = inner[0] if isinstance(inner, list) and inner else inner
        if isinstance(first, dict):
            deeper, deeper_code = _reason(first)
            reason, code = deeper or reason, deeper_code or code
        elif isinstance(first, str) and isinstance(inner, list) and not reason:
            reason = first
    return reason, code


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and value != ""
