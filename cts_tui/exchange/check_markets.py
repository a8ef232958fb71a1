"""The steps of a connection test on its markets: they exist and trade, their rules are known."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from cts_tui.exchange.check_course import Finding, failed, passed, warned
from cts_tui.exchange.check_subject import Subject, listed
from cts_tui.exchange.symbol_filter import parse_filter
from cts_tui.model.instrument import Instrument
from cts_tui.model.market import timeframe_ms
from cts_tui.model.money import money_text
from cts_tui.model.trading import MarketType


async def check_markets(subject: Subject) -> Finding:
    """See that the exchange has the connection's markets, trading, and candles as wanted."""
    setup, session = subject.setup, subject.session
    known = session.instruments
    if setup.symbols_filter:
        subject.symbols = await _chosen(subject, setup.symbols_filter)
    wanted = subject.symbols
    if not wanted:
        return failed(
            f"none of {len(known)} {setup.market} markets fits {setup.symbols_filter}",
            f"ask for less: connections edit {setup.name} --symbols-filter RULE",
        )
    missing = [symbol for symbol in wanted if symbol not in known]
    if missing:
        return failed(
            f"{listed(missing)}: {_why_missing(session.client, missing[0], setup.market)}",
            f"connections edit {setup.name} --symbols {_corrected(wanted, known)}",
        )
    halted = [symbol for symbol in wanted if not known[symbol].is_active]
    frames = tuple(session.client.timeframes or ())
    if frames and setup.timeframe not in frames:
        return failed(
            f"the exchange has no candles of {setup.timeframe}; it has {', '.join(frames)}",
            f"connections edit {setup.name} --timeframe {_nearest_frame(setup.timeframe, frames)}",
        )
    if halted:
        todo = f"take it away: connections edit {setup.name} --symbols …; or wait until it trades"
        message = f"{listed(halted)}: not trading now (halted or delisted)"
        is_all = len(halted) == len(wanted)
        return failed(message, todo) if is_all else warned(message, todo)
    what = f"the filter chooses {len(wanted)}: " if setup.symbols_filter else ""
    return passed(f"{len(known)} {setup.market} markets, {what}{listed(wanted)}")


async def _chosen(subject: Subject, text: str) -> tuple[str, ...]:
    """Return what a filter chooses now. Raises ConfigError for a text that is no filter."""
    rule, session = parse_filter(text), subject.session
    tickers = await session.call("fetch_tickers") if rule.needs_tickers else {}
    return rule.chosen(session.instruments, tickers)


def _why_missing(client: Any, symbol: str, market: MarketType) -> str:
    """Return why a symbol is not among the session's markets."""
    entry = (client.markets or {}).get(symbol) or {}
    kind = entry.get("type")
    if kind == market and market is MarketType.SWAP:
        return "it settles in the coin itself, the desk trades linear swaps"
    if kind:
        return f"it is a {kind} market, the connection trades {market}"
    return f"the exchange has no such {market} market"


def _corrected(symbols: Iterable[str], known: Mapping[str, Instrument]) -> str:
    """Return the symbols with what may have been meant in place of those that are not known."""
    meant = [symbol if symbol in known else _meant(symbol, known) for symbol in symbols]
    return ",".join(dict.fromkeys(filter(None, meant))) or "LIST"


def _meant(symbol: str, known: Mapping[str, Instrument]) -> str:
    """Return the market of the same base with the most alike quote, else the other way round; ''
    where nothing looks alike.
    """
    base, _, quote = symbol.partition(":")[0].partition("/")
    by_quote = {found.quote: name for name, found in known.items() if found.base == base}
    if near := get_close_matches(quote, by_quote, n=1, cutoff=0.5):
        return by_quote[near[0]]
    by_base = {found.base: name for name, found in known.items() if found.quote == quote}
    near = get_close_matches(base, by_base, n=1, cutoff=0.6)
    return by_base[near[0]] if near else ""


def _nearest_frame(wanted: str, frames: tuple[str, ...]) -> str:
    lengths = {}
    for frame in frames:
        try:
            lengths[frame] = timeframe_ms(frame)
        except ValueError:
            continue
    if not lengths:
        return frames[0]
    length = timeframe_ms(wanted)
    return min(lengths, key=lambda frame: abs(math.log(lengths[frame] / length)))


async def check_rules(subject: Subject) -> Finding:
    """See that steps and minimums are known: without them orders are refused at the exchange."""
    found = subject.instruments or list(subject.session.instruments.values())[:1]
    unknown = {instrument.symbol: _unknown_rules(instrument) for instrument in found}
    lacking = [f"{symbol} {' and '.join(what)}" for symbol, what in unknown.items() if what]
    if lacking:
        return warned(
            f"the exchange does not say: {listed(lacking)}",
            "orders may be refused for their size or price; begin with small ones",
        )
    first = found[0]
    parts = (
        f"{first.symbol}: quantity in steps of {_figure(first.amount_step)}",
        f"price in steps of {_figure(first.price_step)}",
        f"at least {money_text(first.min_cost)} {first.quote}" if first.min_cost else "",
        f"at least {money_text(first.min_amount)} {first.base}" if first.min_amount else "",
    )
    return passed(", ".join(filter(None, parts)))


def _figure(rule: Decimal | None) -> str:
    return "unknown size" if rule is None else money_text(rule)


def _unknown_rules(instrument: Instrument) -> list[str]:
    rules = {
        "step of the quantity": instrument.amount_step,
        "step of the price": instrument.price_step,
        "smallest order": instrument.min_cost or instrument.min_amount,
    }
    return [name for name, rule in rules.items() if rule is None]
