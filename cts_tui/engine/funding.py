"""Funding of paper positions on swaps: longs pay shorts, or shorts longs, several times a day."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from cts_tui.engine.book import LivePosition
from cts_tui.engine.context import EngineContext
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.engine.sessions import SessionKeeper
from cts_tui.engine.settlement import record_position
from cts_tui.errors import CtsError
from cts_tui.exchange.funding import FundingRate, funding_rate
from cts_tui.model.money import ZERO, money_text, notional, of_percent
from cts_tui.model.records import Fill
from cts_tui.model.trading import Actor, EventKind, Side
from cts_tui.store import balances
from cts_tui.store.database import Database
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.paper_ledger import currencies

_FRESH_MS: Final = 600_000
"""A rate is asked for again after this long; until a funding the last one told is paid."""
_MOST: Final = 200
"""Fundings that are paid late at once, where the engine was off."""
_HOUR_MS: Final = 3_600_000

AskRate = Callable[[str], Awaitable[FundingRate | None]]


class FundingProcessor(Processor):
    """Books each funding once, as a fee of the position, by a fill without quantity."""

    name = "funding"
    interval_s = 5.0

    def __init__(
        self, context: EngineContext, venue: PaperVenue, database: Database, ask: AskRate
    ) -> None:
        """`ask` tells the rate of a symbol, None where the exchange does not. Raises CtsError."""
        super().__init__()
        self.paid = 0
        self._context = context
        self._venue = venue
        self._database = database
        self._ask = ask
        self._rates: dict[str, tuple[FundingRate, int]] = {}
        """By symbol, the rate and when it was told."""
        self._paid_ms: dict[str, int] = {}
        """By position key, the market time up to which funding is paid."""

    async def cycle(self) -> CycleReport:
        """Pay what is due, then learn of the next rates."""
        held = [one for one in self._context.book if not one.is_live and _is_swap(one)]
        if not held:
            return CycleReport()
        symbols = {position.symbol for position in held}
        await self._learn([symbol for symbol in symbols if symbol not in self._rates])
        self._recall(held)
        paid = sum(self._pay_due(position) for position in held)
        now_ms = self._context.now_ms()
        await self._learn([one for one in symbols if now_ms - self._rates[one][1] > _FRESH_MS])
        if paid:
            self.paid += paid
            self._context.on_booked()
            self._context.recorder.flush_when_full()
        return CycleReport(paid)

    async def _learn(self, symbols: list[str]) -> None:
        """Ask for rates; where none is told, the last one stays, or that of the settings."""
        settings, now_ms = self._context.settings, self._context.now_ms()
        usual = FundingRate(settings.paper_funding_pct, None, None)
        for symbol in symbols:
            last = self._rates[symbol][0] if symbol in self._rates else usual
            try:
                told = await self._ask(symbol)
            except CtsError as error:
                self.figures.record_error(error, now_ms)
                told = None
            self._rates[symbol] = (told or last, now_ms)

    def _recall(self, held: list[LivePosition]) -> None:
        """Find out up to when positions that are new here have paid."""
        new = [position for position in held if position.key not in self._paid_ms]
        self._paid_ms = {one.key: self._paid_ms.get(one.key, one.entry_time_ms) for one in held}
        if new:
            with self._database.read() as transaction:
                stored = balances.funded_ms(
                    transaction, self._context.setup.id, {position.symbol for position in new}
                )
            for position in new:
                self._paid_ms[position.key] = stored.get(position.key, position.entry_time_ms)

    def _pay_due(self, position: LivePosition) -> int:
        """Pay every funding of a position that has come; return how many."""
        rate, _ = self._rates[position.symbol]
        since_ms, now_ms = self._paid_ms[position.key], self._context.now_ms()
        interval_ms = rate.interval_ms or self._context.settings.paper_funding_hours * _HOUR_MS
        due = list(_times(rate.time_ms or 0, interval_ms, since_ms, now_ms))[-_MOST:]
        for time_ms in due:
            self._pay(position, rate, time_ms)
            self._paid_ms[position.key] = time_ms
        if due:
            record_position(self._context, position)
        return len(due)

    def _pay(self, position: LivePosition, rate: FundingRate, time_ms: int) -> None:
        """Book one funding: as a fee (< 0: received) of the position and of the account."""
        context, symbol = self._context, position.symbol
        quote = context.market.quotes.get(symbol)
        mark = quote.price if quote else position.holding.entry_price
        value = notional(position.holding.held, mark)
        amount = of_percent(value, rate.rate_pct) * position.side.sign
        position.holding.charge(amount)
        self._venue.ledger.pay(symbol, amount)
        currency = currencies(symbol).money
        context.recorder.batch.fill(
            context.setup.id,
            Fill(
                client_order_id=position.key,
                venue_order_id="",
                venue_trade_id=f"{balances.FUNDING}{time_ms}",
                symbol=symbol,
                side=Side.to_open(position.side),
                quantity=ZERO,
                price=mark,
                fee=amount,
                fee_currency=currency,
                time_ms=time_ms,
            ),
        )
        done = "paid" if amount >= 0 else "received"
        context.recorder.batch.event(
            time_ms=context.now_ms(),
            who=Actor.ENGINE,
            kind=EventKind.POSITION,
            subject=f"{context.setup.name}/{symbol}",
            message=f"{position.side} {symbol} {done} {money_text(abs(amount))} {currency} of "
            f"funding at {money_text(rate.rate_pct)} %",
            after=done,
        )


def asking(keeper: SessionKeeper) -> AskRate:
    """Return what asks the exchange for the funding of a symbol, while there is a session."""

    async def ask(symbol: str) -> FundingRate | None:
        session = keeper.session
        return None if session is None else await funding_rate(session, symbol)

    return ask


def _is_swap(position: LivePosition) -> bool:
    return ":" in position.symbol


def _times(anchor_ms: int, interval_ms: int, since_ms: int, now_ms: int) -> Iterator[int]:
    """Yield the times after `since_ms` up to `now_ms`; `anchor_ms` is one of all of them.

    Anchor 8 h, interval 8 h, since 7 h, now 17 h → 8 h and 16 h.
    """
    first = since_ms + interval_ms - (since_ms - anchor_ms) % interval_ms
    yield from range(first, now_ms + 1, interval_ms)
