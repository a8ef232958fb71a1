"""Which symbols a connection trades: those listed, or those that fit its filter, chosen on a timer.

A symbol that is dropped, halted or delisted gets no new position; while one is open it stays
watched, so that its levels hold.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from cts_tui.engine.context import EngineContext
from cts_tui.errors import ConfigError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.exchange.symbol_filter import SymbolFilter, parse_filter
from cts_tui.model.trading import Actor, EventKind, MarketType

_MOST_NAMED: Final = 100
"""Up to so many tickers are asked for by name, above it all of them at once."""
_DROPPED: Final = "it no longer fits the symbol filter"


class Universe:
    """Fills `symbols` and `blocked` of the engine's context from what the exchange says."""

    def __init__(self, context: EngineContext) -> None:
        self.left_out: dict[str, str] = {}
        """Symbols that are not watched, with the reason."""
        self._context = context
        self._chosen: tuple[str, ...] = ()

    @property
    def not_traded(self) -> dict[str, str]:
        """Every symbol that gets no new position, with the reason."""
        return {**self.left_out, **self._context.blocked}

    async def choose(self, session: ExchangeSession, *, again: bool = False) -> None:
        """Choose the symbols; with `again` the markets are asked for anew, and the filter's.

        Raises ConfigError where none is left, RetryableError.
        """
        if again:
            await session.reload_markets()
        setup = self._context.setup
        chosen = setup.symbols
        if setup.symbols_filter is not None:
            wanted = parse_filter(setup.symbols_filter)
            if again or not self._chosen:
                self._chosen = await _filtered(session, wanted)
            chosen = self._chosen
            if not chosen:
                raise ConfigError(
                    f"no symbol of {session.exchange} fits the filter {setup.symbols_filter!r}: "
                    "ask for less volume, or for another quote"
                )
        self._settle(session, chosen)

    def _settle(self, session: ExchangeSession, chosen: Sequence[str]) -> None:
        """Make the choice known; what changes leaves an event."""
        faults = {symbol: fault for symbol in chosen if (fault := fault_of(session, symbol))}
        fit = [symbol for symbol in chosen if symbol not in faults]
        held = {position.symbol for position in self._context.book}
        kept = sorted(held.difference(fit).intersection(_markets(session)))
        blocked = {symbol: faults.get(symbol, _DROPPED) for symbol in kept}
        left_out = {symbol: fault for symbol, fault in faults.items() if symbol not in blocked}
        if not fit and not kept:
            raise ConfigError("; ".join(left_out.values()) or "no symbol is given")
        self._tell({**left_out, **blocked}, fit)
        self.left_out = left_out
        self._context.blocked = blocked
        self._context.symbols = (*fit, *kept)

    def _tell(self, unfit: Mapping[str, str], fit: Sequence[str]) -> None:
        """Leave events of what was left out, and of what came and went by the filter."""
        known = self.not_traded
        for symbol, reason in unfit.items():
            if known.get(symbol) != reason:
                self._event(symbol, f"{symbol} is not traded: {reason}")
        if self._context.setup.symbols_filter is None or not self._context.symbols:
            return
        before, now = set(self._context.symbols) - set(self._context.blocked), set(fit)
        for symbol in sorted(now - before):
            self._event(symbol, f"{symbol} fits the symbol filter now")
        for symbol in sorted(before - now - set(unfit)):
            self._event(symbol, f"{symbol} is dropped: {_DROPPED}")

    def _event(self, symbol: str, message: str) -> None:
        context = self._context
        context.recorder.batch.event(
            time_ms=context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.FEED,
            subject=f"{context.setup.name} {symbol}",
            message=message,
        )


async def _filtered(session: ExchangeSession, wanted: SymbolFilter) -> tuple[str, ...]:
    """Return the symbols that fit now. Raises ConfigError where the exchange cannot tell."""
    tickers: Mapping[str, Mapping[str, Any]] = {}
    if wanted.needs_tickers:
        if not session.has("fetchTickers"):
            raise ConfigError(
                f"{session.exchange} does not tell the volume of all markets: list the symbols, or "
                "filter by quote and base only"
            )
        named = wanted.candidates(session.instruments)
        tickers = await session.call("fetch_tickers", named if len(named) <= _MOST_NAMED else None)
    return wanted.chosen(session.instruments, tickers)


def fault_of(session: ExchangeSession, symbol: str) -> str:
    """Return why a symbol cannot be traded now, empty where it can."""
    instrument = session.instruments.get(symbol)
    market = "linear swap" if session.market is MarketType.SWAP else "spot"
    if instrument is None:
        other = _markets(session).get(symbol)
        if other is not None:
            kind = other.get("type") or "another kind of"
            return f"{symbol} is a {kind} market of {session.exchange}, not {market}"
        similar = get_close_matches(symbol, session.instruments, n=1)
        hint = f"; did you mean {similar[0]}?" if similar else ""
        return f"{session.exchange} has no {market} market {symbol}{hint}"
    if not instrument.is_linear:
        return f"{symbol} is an inverse swap, which the desk does not trade"
    return "" if instrument.is_active else f"{symbol} is halted or delisted at {session.exchange}"


def _markets(session: ExchangeSession) -> Mapping[str, Mapping[str, Any]]:
    return session.client.markets or {}
