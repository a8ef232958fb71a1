"""The steps of a connection test that need no key: clock, markets, prices, limits, streams."""

import asyncio
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from cts_tui.errors import CtsError
from cts_tui.exchange.check_course import Finding, failed, passed, warned
from cts_tui.exchange.check_subject import Subject
from cts_tui.exchange.said_prices import said_price
from cts_tui.model.money import money_text

CLOCK_WARN_MS: Final = 1_000
CLOCK_FAIL_MS: Final = 5_000
PRICE_FRESH_MS: Final = 60_000
STREAM_WAIT_S: Final = 8.0
_LIMIT_HEADERS: Final = ("used-weight", "ratelimit-remaining", "limit-status", "-remain")


def judged_clock(subject: Subject, offset_ms: int) -> Finding:
    """Return what the exchange's time minus ours means; candles and orders depend on it."""
    window_ms = subject.session.client.options.get("recvWindow")
    bound_ms = min(CLOCK_FAIL_MS, int(window_ms)) if window_ms else CLOCK_FAIL_MS
    side = "behind" if offset_ms > 0 else "ahead of"
    todo = "set the clock of this machine by NTP: timedatectl set-ntp true"
    message = f"this machine's clock is {abs(offset_ms) / 1000:.1f} s {side} the exchange's"
    if abs(offset_ms) > bound_ms:
        return failed(f"{message}; {bound_ms / 1000:g} s are tolerated", todo)
    if abs(offset_ms) > CLOCK_WARN_MS:
        return warned(message, todo)
    if not subject.session.has("fetchTime"):
        return passed("right within a second, by the date of the exchange's answers")
    return passed(f"{abs(offset_ms)} ms {side} the exchange's")


async def check_ticker(subject: Subject) -> Finding:
    """See that a price comes, and that it is of now."""
    session, symbol = subject.session, subject.first_symbol
    if session.has("fetchTicker"):
        ticker = await session.call("fetch_ticker", symbol)
    elif session.has("fetchTickers"):
        ticker = (await session.call("fetch_tickers", [symbol])).get(symbol) or {}
    else:
        return warned("the exchange has no tickers; prices come from candles only")
    price = price_of(ticker)
    if price is None:
        return failed(
            f"{symbol}: a ticker without a price came",
            "see at the exchange whether it trades; choose another symbol if it does not",
        )
    told_ms = ticker.get("timestamp")
    if told_ms is None:
        return passed(f"{symbol} {money_text(price)}; the exchange does not say of when")
    age_ms = session.server_now_ms() - int(told_ms)
    if age_ms > PRICE_FRESH_MS:
        return warned(
            f"{symbol} {money_text(price)} is {age_ms / 1000:.0f} s old",
            "a quiet market, or a frozen feed: compare with the exchange's page",
        )
    return passed(f"{symbol} {money_text(price)}, {max(age_ms, 0) / 1000:.1f} s old")


def price_of(ticker: Mapping[str, Any]) -> Decimal | None:
    """Return the last price, else the middle of bid and ask; None where there is no such (S12).

    A last price that ccxt computed, where the exchange told none, is none (note 2).
    """
    bid, ask = _positive(ticker.get("bid")), _positive(ticker.get("ask"))
    middle = None if bid is None or ask is None else (bid + ask) / 2
    return said_price(ticker) or middle


def _positive(value: Any) -> Decimal | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return Decimal(str(value)) if math.isfinite(number) and number > 0 else None


async def check_limits(subject: Subject) -> Finding:
    """See how much of the exchange's request budget is left."""
    figures = subject.session.limiter.figures()
    headroom = figures.get("headroom_pct")
    said = _said_of_limits(subject.session.client.last_response_headers)
    interval_ms = figures.get("interval_ms")
    budget = f"a request every {interval_ms:g} ms" if interval_ms else ""
    message = ", ".join(filter(None, (budget, _headroom(headroom), said)))
    if figures.get("throttled_s"):
        return warned(
            f"the exchange has told us to wait {figures['throttled_s']:.0f} s more",
            "wait; run fewer programs from this address",
        )
    return passed(message or "nothing is said of limits")


def _headroom(headroom_pct: Any) -> str:
    return "" if headroom_pct is None else f"{float(headroom_pct):.0f} % free"


def _said_of_limits(headers: Mapping[str, str] | None) -> str:
    """Return what the last answer's headers say of the limit, as they say it."""
    said = [
        f"{name.lower()} {value}"
        for name, value in (headers or {}).items()
        if any(part in name.lower() for part in _LIMIT_HEADERS)
    ]
    return ", ".join(said[:2])


async def check_stream(subject: Subject) -> Finding:
    """See that a first message comes by websocket."""
    session, symbol, frame = subject.session, subject.first_symbol, subject.setup.timeframe
    ways = (
        ("watchTicker", "tickers", "watch_ticker", (symbol,)),
        ("watchTickers", "tickers", "watch_tickers", ([symbol],)),
        ("watchOHLCV", "candles", "watch_ohlcv", (symbol, frame)),
    )
    way = next((way for way in ways if session.has(way[0])), None)
    todo = "prices are asked for by REST instead; see that no proxy or firewall stops websockets"
    if way is None:
        return warned("the exchange streams neither tickers nor candles: prices come by REST")
    _, what, method, arguments = way
    began_ms = subject.clock.now_ms()
    try:
        async with asyncio.timeout(STREAM_WAIT_S):
            await session.watch(method, *arguments, timeout_s=STREAM_WAIT_S)
    except TimeoutError:
        return warned(f"no {what} of {symbol} came within {STREAM_WAIT_S:.0f} s", todo)
    except CtsError as error:
        return warned(f"the stream of {what} did not come: {error}", todo)
    took_ms = subject.clock.now_ms() - began_ms
    return passed(f"{what} of {symbol} by websocket, the first after {took_ms} ms")
