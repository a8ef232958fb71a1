"""Every exception of ccxt, aiohttp and Python's own → one kind of `CtsError` with a clear line.

For an order the question is whether it may exist. What certainly did not reach the exchange, or
was refused by it, is said so; everything else is `UnknownOutcome`.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.errors import (
    AuthenticationError,
    ConfigError,
    CtsError,
    MaintenanceError,
    RateLimitedError,
    RetryableError,
    UnknownOutcome,
    VenueError,
)
from cts_tui.exchange.advice import NETWORK_ADVICE, Layer, access_advice, layer_of
from cts_tui.exchange.fault_text import LONGEST, Said, clean, said_in
from cts_tui.exchange.loader import ccxt_errors

NO_CHANGE: Final = "no_change"
"""Code of a refusal that says: it is that way already."""
NOT_FOUND: Final = "not_found"
"""Code of a refusal that says: no such order."""
INSUFFICIENT: Final = "insufficient_funds"
MAINTENANCE_WAIT_S: Final = 30.0
RATE_LIMIT_WAIT_S: Final = 5.0
NETWORK_WAIT_S: Final = 1.0
_MAINTENANCE: Final = re.compile(r"(?i)maintenance|system upgrad|under upgrade|system_status")
_VAGUE: Final = re.compile(
    r"(?i)server|internal|timed? ?out|unknown (?:error|status)|busy|try again|unavailable|timeout"
)
"""Words of a base ExchangeError that leave open whether the order was taken."""
_DUPLICATE: Final = re.compile(r"(?i)duplicat|already (?:exist|used)|repeat(?:ed)? .*order")
_BAD_KEY: Final = re.compile(r"(?i)invalid api-?key|-2015")


_TOO_MANY_DIALS: Final = re.compile(r"\b(?:418|429), message=")
"""aiohttp's words for a websocket that was refused for there being too many."""
DIAL_WAIT_S: Final = 30.0
_UNCONNECTED: Final = (Layer.DNS, Layer.CONNECT, Layer.TLS, Layer.PROXY)


class QuietStreamError(RetryableError):
    """Nothing arrived in the time given, the stream has not failed: look whether it lives."""


class UnreachableError(RetryableError):
    """The request did not get through; `layer` says how far it came (None: not known)."""

    def __init__(self, message: str, wait_s: float, layer: Layer | None = None) -> None:
        super().__init__(message, wait_s)
        self.layer = layer


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the session knows beside the exception."""

    exchange: str = ""
    secrets: tuple[str, ...] = ()
    sent_method: str = "?"
    """HTTP method of the last request that went out for this call, '' when none did."""
    status: int = 0
    """HTTP status of the last answer, 0 when none came."""
    wait_s: float | None = None
    """How long the exchange said to wait."""
    clock_offset_ms: int = 0
    has_proxy: bool = False


_NOTHING_KNOWN: Final = Circumstances()


def explained(
    error: BaseException, *, is_order: bool, known: Circumstances = _NOTHING_KNOWN
) -> CtsError:
    """Return what an exception means. Raise it `from None`: the original may hold secrets."""
    if isinstance(error, CtsError):
        return error
    said = said_in(_text_of(error), known.secrets)
    found = _access(error, said, known) or _refusal(error, said, known, is_order=is_order)
    if found is None and is_order and not _is_certainly_unsent(error, known):
        return UnknownOutcome(
            _line(known, said.reason or type(error).__name__, "the order may exist: looking for it")
        )
    return found or _passing(error, said, known)


def is_silence(error: BaseException, status: int) -> bool:
    """Return whether a failure says that the exchange does not answer, or answers garbage."""
    errors = ccxt_errors()
    if isinstance(error, CtsError) or is_clock_fault(error) or is_rate_limit(error):
        return False
    is_silent = isinstance(error, errors.OperationFailed | OSError) and not 400 <= status < 500
    return is_silent or status == 0 or status >= 500 or layer_of(error) is Layer.CUT


def is_rate_limit(error: BaseException) -> bool:
    """Return whether ccxt takes an answer for a rate limit."""
    errors = ccxt_errors()
    return isinstance(error, errors.DDoSProtection | errors.RateLimitExceeded)


def is_clock_fault(error: BaseException) -> bool:
    """Return whether the exchange refused a request for its timestamp: nothing was done."""
    errors = ccxt_errors()
    return isinstance(error, errors.InvalidNonce) and not isinstance(error, errors.ChecksumError)


def _access(error: BaseException, said: Said, known: Circumstances) -> CtsError | None:
    """Return what is sure for any request: refused key, pace, clock or maintenance."""
    errors = ccxt_errors()
    is_ban = is_rate_limit(error) or known.status in (418, 429)
    hides_key = is_ban and known.status not in (418, 429) and _BAD_KEY.search(str(error))
    if isinstance(error, errors.AuthenticationError) or hides_key:
        return AuthenticationError(
            _line(known, said.reason, access_advice(str(error))), code=said.code
        )
    if is_ban and (known.status < 500 or known.wait_s):
        wait_s = RATE_LIMIT_WAIT_S if known.wait_s is None else known.wait_s
        return RateLimitedError(
            _line(known, "rate limit: " + said.reason, f"waiting {wait_s:.0f} s"), wait_s
        )
    if is_clock_fault(error):
        off = f"the clock is off by {abs(known.clock_offset_ms) / 1000:.1f} s: "
        advice = (off if known.clock_offset_ms else "") + "set the machine's clock (NTP)"
        return RetryableError(_line(known, said.reason, advice), NETWORK_WAIT_S)
    if isinstance(error, errors.OnMaintenance):
        return _maintenance(said, known)
    return None


def _refusal(
    error: BaseException, said: Said, known: Circumstances, *, is_order: bool
) -> CtsError | None:
    """Return a refusal, None where the exchange did not refuse or may have done it all the same."""
    errors = ccxt_errors()
    if isinstance(error, errors.InvalidProxySettings):
        return ConfigError(_line(known, said.reason, "set one proxy only in --ccxt-config"))
    if not isinstance(error, errors.ExchangeError) or isinstance(
        error, errors.ExchangeClosedByUser
    ):
        is_odd = isinstance(error, ValueError | TypeError | LookupError)
        if is_odd and is_order and not known.sent_method:
            return VenueError(_line(known, said.reason, "it was not sent"))
        return None
    is_duplicate = isinstance(error, errors.DuplicateOrderId) or _DUPLICATE.search(str(error))
    if is_order and is_duplicate and known.sent_method:
        advice = "an order of this id exists: looking for it"
        return UnknownOutcome(_line(known, said.reason, advice))
    if type(error) is errors.ExchangeError and _is_open(error, said, known, is_order=is_order):
        return None
    advice = "it has no such market" if isinstance(error, errors.BadSymbol) else ""
    return VenueError(_line(known, said.reason, advice), code=_code(error, said))


def _is_open(error: BaseException, said: Said, known: Circumstances, *, is_order: bool) -> bool:
    """Return whether ccxt's vaguest error may be no refusal at all.

    For an order only a refusal by status (4xx) in plain words is one: an exchange that answers
    "server error", in any words, may have taken it.
    """
    if known.status >= 500 or layer_of(error) is Layer.CUT:
        return True
    if not is_order:
        return bool(_MAINTENANCE.search(str(error)))
    is_plain = 400 <= known.status < 500 and not _VAGUE.search(said.reason)
    return bool(known.sent_method) and not is_plain


def _passing(error: BaseException, said: Said, known: Circumstances) -> RetryableError:
    """Return a fault that may be gone the next time, with what to look at."""
    errors = ccxt_errors()
    text = str(error)
    if _TOO_MANY_DIALS.search(text):
        wait_s = DIAL_WAIT_S if known.wait_s is None else known.wait_s
        return RateLimitedError(_line(known, "too many connections", "waiting"), wait_s)
    wait_s = NETWORK_WAIT_S if known.wait_s is None else known.wait_s
    if _MAINTENANCE.search(text) and not isinstance(error, errors.RequestTimeout):
        return _maintenance(said, known)
    if known.status == 451 or "restricted location" in text.lower():
        advice = "it does not serve this location: use one that does"
        return UnreachableError(_line(known, said.reason, advice), wait_s)
    layer = layer_of(error)
    if layer is not None:
        what, advice = NETWORK_ADVICE[layer]
        return UnreachableError(_line(known, what, advice), wait_s, layer)
    is_odd = not isinstance(error, errors.BaseError | TimeoutError | OSError)
    odd = f"unreadable answer ({type(error).__name__}: {said.reason})"
    return RetryableError(_line(known, odd if is_odd else said.reason), wait_s)


def _maintenance(said: Said, known: Circumstances) -> MaintenanceError:
    wait_s = MAINTENANCE_WAIT_S if known.wait_s is None else known.wait_s
    return MaintenanceError(
        _line(known, "maintenance: " + said.reason, f"looking again in {wait_s:.0f} s"), wait_s
    )


def _is_certainly_unsent(error: BaseException, known: Circumstances) -> bool:
    """Return whether no request can have arrived: none went out, or no connection was made.

    aiohttp repeats idempotent methods unseen, so a refused connection is proof for POST only.
    """
    if not known.sent_method:
        return True
    return known.sent_method == "POST" and layer_of(error) in _UNCONNECTED


def _code(error: BaseException, said: Said) -> str:
    errors = ccxt_errors()
    if isinstance(error, errors.NoChange):
        return NO_CHANGE
    if isinstance(error, errors.OrderNotFound):
        return NOT_FOUND
    if isinstance(error, errors.InsufficientFunds):
        return INSUFFICIENT
    return said.code


def _text_of(error: BaseException) -> str:
    """Return an exception's text without the exchange's id that ccxt puts before it."""
    return str(error) or type(error).__name__


def _line(known: Circumstances, what: str, advice: Any = "") -> str:
    """Return `exchange: what; advice` within the length of one line, the advice whole."""
    prefix = f"{known.exchange}: " if known.exchange else ""
    ending = f"; {advice}" if advice else ""
    room = max(LONGEST - len(prefix) - len(ending), 40)
    bare = what.removeprefix(f"{known.exchange} ") if known.exchange else what
    return prefix + clean(bare, known.secrets, room).rstrip(" .") + ending
