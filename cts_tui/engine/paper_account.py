"""The paper account of a connection: taken up at a start, kept in the store, fed with volume."""

from decimal import Decimal
from typing import Final

from cts_tui.clock import Clock
from cts_tui.engine.account import Account
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.recorder import Recorder
from cts_tui.model.connection import ConnectionSetup
from cts_tui.model.market import timeframe_ms
from cts_tui.model.money import ZERO, exact, notional, round_money
from cts_tui.model.records import PositionRecord
from cts_tui.settings import Settings
from cts_tui.store import balances
from cts_tui.store.database import Database
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.paper_ledger import currencies

_CANDLES: Final = 20
"""Over so many candles the volume is averaged: one alone may have traded nothing."""


def paper_venue(setup: ConnectionSetup, settings: Settings, market: MarketState) -> PaperVenue:
    """Return the paper venue of a connection, which hears of the volume that `market` trades."""

    def volume_of(symbol: str) -> tuple[Decimal, int] | None:
        buffer = market.buffers.get((symbol, setup.timeframe))
        if not buffer:
            return None
        volumes = buffer.columns().volume[-_CANDLES:]
        return exact(float(volumes.mean())), timeframe_ms(setup.timeframe)

    return PaperVenue(
        fee_pct=settings.paper_fee_pct,
        slippage_pct=settings.paper_slippage_pct,
        latency_ms=settings.paper_latency_ms,
        volume_pct=settings.paper_volume_pct,
        volume_of=volume_of,
        market=setup.market,
    )


def new_context(
    setup: ConnectionSetup, settings: Settings, clock: Clock, recorder: Recorder, store_id: str
) -> tuple[EngineContext, PaperVenue]:
    """Return what the processors of an engine share, and the paper venue in it."""
    market = MarketState(settings.candle_history, settings.tick_stale_s)
    venue = paper_venue(setup, settings, market)
    context = EngineContext(
        setup=setup,
        settings=settings,
        clock=clock,
        market=market,
        account=Account(settings.paper_balance),
        recorder=recorder,
        venue=venue,
        store_id=store_id,
        symbols=setup.symbols,
    )
    return context, venue


class PaperAccount:
    """What the paper venue holds, beyond the life of its process."""

    def __init__(self, context: EngineContext, venue: PaperVenue) -> None:
        self._context = context
        self._venue = venue
        self._terms = venue.terms
        self._recorded: dict[str, tuple[Decimal, Decimal]] = {}
        """Free and total of each currency as they were recorded last."""

    def set_neutral(self, *, is_neutral: bool) -> None:
        """Trade without latency and volume where candles stand for ticks, or on terms again."""
        self._venue.terms = self._terms.neutral() if is_neutral else self._terms

    def restore(self, database: Database) -> None:
        """Take up what the account held; a new one has its first money.

        The open positions are in the book already.
        """
        context, ledger = self._context, self._venue.ledger
        connection_id = context.setup.id
        paper = [position.record() for position in context.book if not position.is_live]
        with database.read() as transaction:
            amounts = balances.totals(transaction, connection_id, is_live=False)
            is_new = not amounts  # or from before balances were kept
            made = balances.paper_profits(transaction, connection_id) if is_new else []
        ledger.fund(amounts, context.settings.paper_balance)
        for symbol in context.symbols:
            ledger.begin(symbol)
        for symbol, pnl in made:
            ledger.begin(symbol)
            ledger.pay(symbol, -pnl)
        for record in paper if is_new else ():
            self._count(record)
        for record in paper:
            quantity = (record.quantity - record.exited) * record.side.sign
            ledger.hold(record.symbol, quantity, record.entry_price)
        self.record()

    def _count(self, record: PositionRecord) -> None:
        """Take from the first money what an open position took from it."""
        ledger, symbol, sign = self._venue.ledger, record.symbol, record.side.sign
        ledger.begin(symbol)
        spent = record.entry_cost
        if currencies(symbol).settle:
            spent = notional(record.exited, record.entry_price)
        ledger.pay(symbol, sign * (spent - record.exit_value) + record.paid_fees)
        if not currencies(symbol).settle:
            ledger.receive(currencies(symbol).base, sign * (record.quantity - record.exited))

    def record(self) -> None:
        """Store what has changed."""
        context, now = self._context, self._venue.balances_now()
        for currency in {**self._recorded, **now.free}:
            free, used, total = (
                round_money(amounts.get(currency, ZERO))
                for amounts in (now.free, now.used, now.total)
            )
            if self._recorded.get(currency) == (free, total):
                continue
            self._recorded[currency] = (free, total)
            context.recorder.batch.balance(
                context.setup.id,
                currency,
                free=free,
                used=used,
                total=total,
                time_ms=context.now_ms(),
                is_live=False,
            )
