import asyncio
from typing import Any

import aiohttp
import pytest

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
from cts_tui.exchange import faults
from cts_tui.exchange.fault_text import LONGEST, clean, said_in
from cts_tui.exchange.faults import Circumstances, explained, is_silence
from cts_tui.exchange.loader import ccxt_errors

ccxt: Any = ccxt_errors()
DONE, NO, MAYBE = VenueError, RetryableError, UnknownOutcome
JSON = 'bybit {"retCode":10001,"retMsg":"%s"}'


def sent(status: int = 0, method: str = "POST", **more: Any) -> Circumstances:
    return Circumstances(exchange="bybit", sent_method=method, status=status, **more)


def caused(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def refused_connection() -> BaseException:
    key: Any = aiohttp.client_reqrep.ConnectionKey("x", 1, False, True, None, None, None)
    return aiohttp.ClientConnectorError(key, ConnectionRefusedError(111, "refused"))


ROWS: list[tuple[BaseException, int, type[CtsError], type[CtsError]]] = [
    # what is raised, HTTP status, kind for an order, kind for a question
    (ccxt.RequestTimeout("bybit POST https://a/b"), 0, MAYBE, RetryableError),
    (ccxt.RequestTimeout("bybit POST https://a/b 504"), 504, MAYBE, RetryableError),
    (TimeoutError(), 0, MAYBE, RetryableError),
    (
        caused(ccxt.ExchangeNotAvailable("bybit"), aiohttp.ServerDisconnectedError()),
        0,
        MAYBE,
        RetryableError,
    ),
    (caused(ccxt.ExchangeNotAvailable("bybit"), refused_connection()), 0, NO, RetryableError),
    (ccxt.RateLimitExceeded("bybit 429"), 429, RateLimitedError, RateLimitedError),
    (ccxt.DDoSProtection("bybit 418"), 418, RateLimitedError, RateLimitedError),
    (ccxt.RateLimitExceeded(JSON % "too many visits"), 200, RateLimitedError, RateLimitedError),
    (ccxt.ExchangeError("bybit {}"), 429, RateLimitedError, RateLimitedError),
    (ccxt.ExchangeNotAvailable("bybit 502"), 502, MAYBE, RetryableError),
    (ccxt.ExchangeError(JSON % "oops"), 500, MAYBE, RetryableError),
    (ccxt.ExchangeError(JSON % "Server error"), 200, MAYBE, VenueError),
    (ccxt.ExchangeError(JSON % "Internal server error"), 400, MAYBE, VenueError),
    (
        caused(ccxt.ExchangeError("bybit POST https://a"), aiohttp.ClientPayloadError()),
        0,
        MAYBE,
        RetryableError,
    ),
    (ccxt.BadResponse("bybit POST https://a 200 answered nothing"), 200, MAYBE, RetryableError),
    (ccxt.AuthenticationError(JSON % "error sign!"), 200, *[AuthenticationError] * 2),
    (ccxt.PermissionDenied(JSON % "Permission denied"), 403, *[AuthenticationError] * 2),
    (ccxt.InvalidNonce(JSON % "invalid request, check your timestamp"), 200, NO, RetryableError),
    (ccxt.InsufficientFunds(JSON % "balance is not enough"), 200, DONE, VenueError),
    (ccxt.InvalidOrder(JSON % "Order quantity too low"), 200, DONE, VenueError),
    (ccxt.InvalidOrder(JSON % "Duplicate clientOrderId"), 200, MAYBE, VenueError),
    (ccxt.DuplicateOrderId(JSON % "OrderLinkedID is duplicate"), 200, MAYBE, VenueError),
    (ccxt.BadRequest(JSON % "params error"), 400, DONE, VenueError),
    (ccxt.BadSymbol("bybit does not have market symbol A/B"), 0, DONE, VenueError),
    (ccxt.NotSupported("bybit fetchX() is not supported yet"), 0, DONE, VenueError),
    (ccxt.ExchangeError(JSON % "symbol is delisted"), 400, DONE, VenueError),
    (ccxt.OnMaintenance(JSON % "system maintenance"), 503, *[MaintenanceError] * 2),
    (ccxt.ExchangeNotAvailable("bybit 503 Under maintenance"), 503, MAYBE, MaintenanceError),
    (ccxt.ExchangeError(JSON % "system upgrading, maintenance"), 200, MAYBE, MaintenanceError),
    (ccxt.InvalidProxySettings("bybit two proxies"), 0, ConfigError, ConfigError),
    (ValueError("could not convert"), 200, MAYBE, RetryableError),
    (TypeError("'NoneType'"), 200, MAYBE, RetryableError),
    (KeyError("price"), 200, MAYBE, RetryableError),
    (ccxt.ExchangeClosedByUser("bybit instance was closed"), 0, MAYBE, RetryableError),
]


@pytest.mark.parametrize(("error", "status", "of_order", "of_question"), ROWS)
def test_what_an_exception_means(
    error: BaseException, status: int, of_order: type[CtsError], of_question: type[CtsError]
) -> None:
    assert type(explained(error, is_order=True, known=sent(status))).__mro__[0] in (
        of_order,
        *of_order.__subclasses__(),
    )
    found = explained(error, is_order=False, known=sent(status))
    assert isinstance(found, of_question)
    assert not isinstance(found, UnknownOutcome)
    assert "\n" not in str(found)
    assert len(str(found)) <= LONGEST + 20


@pytest.mark.parametrize(
    "error",
    [
        ccxt.RequestTimeout("bybit"),
        ccxt.ExchangeNotAvailable("bybit"),
        RateLimitedError("not sent", 1.0),
        ccxt.ArgumentsRequired("bybit createOrder() requires a price"),
        TypeError("unsupported operand"),
    ],
)
def test_an_order_that_was_not_sent_is_never_unknown(error: BaseException) -> None:
    found = explained(error, is_order=True, known=sent(method=""))
    assert isinstance(found, RetryableError | VenueError)


def test_a_refused_connection_proves_nothing_where_aiohttp_may_have_repeated() -> None:
    error = caused(ccxt.ExchangeNotAvailable("bybit"), refused_connection())
    assert isinstance(explained(error, is_order=True, known=sent(method="DELETE")), UnknownOutcome)


def test_an_exception_that_was_being_handled_before_proves_nothing() -> None:
    error = caused(ccxt.ExchangeNotAvailable("bybit"), aiohttp.ServerDisconnectedError())
    assert error.__cause__ is not None
    error.__cause__.__context__ = refused_connection()
    assert isinstance(explained(error, is_order=True, known=sent()), UnknownOutcome)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ('okx requires "password" credential', "credential password is missing"),
        (
            'okx {"code":"50105","msg":"Request header OK-ACCESS-PASSPHRASE incorrect"}',
            "passphrase",
        ),
        (
            JSON % "Unmatched IP, please check your API key's bound IP addresses",
            "this machine's IP",
        ),
        (
            'binance {"code":-2015,"msg":"Invalid API-key, IP, or permissions"}',
            "list of allowed IP",
        ),
        ('binance {"code":-1022,"msg":"Signature for this request is not valid."}', "secret"),
        (JSON % "Your api key has expired.", "expired"),
        (JSON % "Permission denied, please check your API key permissions", "permission"),
        (JSON % "API key is invalid.", "check key, secret and mode"),
    ],
)
def test_a_refused_key_comes_with_what_to_do(text: str, advice: str) -> None:
    found = explained(ccxt.AuthenticationError(text), is_order=False, known=sent(401))
    assert advice in str(found)


def test_a_revoked_key_that_ccxt_takes_for_a_ban_is_a_refused_key() -> None:
    error = ccxt.DDoSProtection(
        'binance {"code":-2015,"msg":"Invalid API-key, IP, or permissions"}'
    )
    assert isinstance(explained(error, is_order=False, known=sent(400)), AuthenticationError)


def test_a_clock_that_is_off_is_said_with_its_seconds() -> None:
    error = ccxt.InvalidNonce(JSON % "timestamp")
    found = explained(error, is_order=True, known=sent(200, clock_offset_ms=-30_000))
    assert "the clock is off by 30.0 s" in str(found)
    assert faults.is_clock_fault(error)
    assert not faults.is_clock_fault(ccxt.ChecksumError("book"))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ccxt.MarginModeAlreadySet(JSON % "not modified"), faults.NO_CHANGE),
        (ccxt.OrderNotFound(JSON % "order not exists"), faults.NOT_FOUND),
        (ccxt.InsufficientFunds(JSON % "not enough"), faults.INSUFFICIENT),
        (ccxt.BadRequest(JSON % "bad"), "10001"),
    ],
)
def test_a_refusal_carries_its_code(error: BaseException, code: str) -> None:
    found = explained(error, is_order=False, known=sent(200))
    assert isinstance(found, VenueError)
    assert found.code == code


def test_the_wait_that_the_exchange_named_is_kept() -> None:
    found = explained(ccxt.DDoSProtection("418"), is_order=False, known=sent(418, wait_s=77.0))
    assert isinstance(found, RateLimitedError)
    assert found.wait_s == 77.0


def test_no_secret_and_no_signature_stays_in_a_message() -> None:
    secret = "s3cr3t+/=key&more"
    text = (
        "binance GET https://user:pa55word@api.x.com/v3/account?apiKey=abcdef&signature=1234ff "
        f"{secret} s3cr3t%2B%2F%3Dkey%26more signature=9999aa <b>html</b>\n second line"
    )
    found = str(explained(ccxt.NetworkError(text), is_order=False, known=sent(secrets=(secret,))))
    for hidden in (secret, "s3cr3t", "abcdef", "1234ff", "9999aa", "pa55word", "<b>", "\n"):
        assert hidden not in found
    assert "api.x.com/v3/account" in found


def test_the_reason_is_found_in_the_answers_of_many_exchanges() -> None:
    okx = 'okx {"code":"1","data":[{"sCode":"51008","sMsg":"Insufficient balance"}],"msg":""}'
    assert (said_in(okx).reason, said_in(okx).code) == ("Insufficient balance", "51008")
    assert said_in('kraken {"error":["EOrder:Insufficient funds"]}').reason.startswith("EOrder")
    assert said_in('gate {"label":"INVALID_KEY","message":"Invalid key"}').code == "INVALID_KEY"
    assert said_in("nothing to parse {").reason == "nothing to parse {"


def test_a_long_message_is_cut_to_one_line() -> None:
    assert len(clean("x " * 500)) == LONGEST


def test_only_silence_and_garbage_count_against_the_exchange() -> None:
    assert is_silence(ccxt.RequestTimeout("x"), 0)
    assert is_silence(ccxt.ExchangeNotAvailable("x"), 502)
    assert is_silence(ccxt.BadResponse("x"), 200)
    assert is_silence(TimeoutError(), 0)
    assert not is_silence(ccxt.RateLimitExceeded("x"), 429)
    assert not is_silence(ccxt.InvalidNonce("x"), 200)
    assert not is_silence(ccxt.InvalidOrder("x"), 200)
    assert not is_silence(ValueError("x"), 200)
    assert not is_silence(asyncio.QueueFull(), 200)
