"""One engine's pipeline on a real store: candles and ticks in, rows out.

Rules are spoken by the volume of a candle: volume 1 says "enter long", 2 "exit long", 3 "enter
short", 4 "exit short", 5 "from long to short", 6 "from short to long", 0 nothing. So a test says
candle by candle what the strategies wish, and all the rest is the engine's own doing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import select

from cts_tui.clock import ManualClock, utc_from_ms
from cts_tui.engine.account import Account
from cts_tui.engine.context import EngineContext
from cts_tui.engine.market_state import MarketState
from cts_tui.engine.pipeline import Pipeline
from cts_tui.engine.recorder import Recorder
from cts_tui.model.columns import CandleColumns
from cts_tui.model.connection import ConnectionDraft, ConnectionSetup
from cts_tui.model.market import Candle, CandleClosed, MarketEvent, Source, Tick
from cts_tui.model.money import exact
from cts_tui.model.records import Fill, Order
from cts_tui.model.strategy import StrategySpec
from cts_tui.settings import Settings
from cts_tui.store import connections
from cts_tui.store.database import Database
from cts_tui.store.journal import Journal
from cts_tui.store.tables import METADATA
from cts_tui.venue.paper import PaperVenue
from cts_tui.venue.venue import Accepted, Rejected, Updates, Venue

MINUTE_MS: Final = 60_000
T0: Final = 1_743_699_600_000
"""2025-04-03T17:00:00Z: opens a candle of every timeframe up to an hour."""
SYMBOL: Final = "BTC/USDT"

ENTER_LONG, EXIT_LONG, ENTER_SHORT, EXIT_SHORT, TO_SHORT, TO_LONG = range(1, 7)

SPOKEN: Final = {
    "entry_long": "volume == 1 or volume == 6",
    "exit_long": "volume == 2 or volume == 5",
    "entry_short": "volume == 3 or volume == 5",
    "exit_short": "volume == 4 or volume == 6",
}


def spoken(name: str = "spoken", **changes: Any) -> StrategySpec:
    """Return a strategy that does what the volume says, with a 2 % stop and a 3 % target."""
    amounts = {"stop_loss_pct", "take_profit_pct", "trailing_stop_pct"}
    decimals = {key: Decimal(value) for key, value in changes.items() if key in amounts}
    return StrategySpec(name=name, **{**SPOKEN, **changes, **decimals})


def make_connection(database: Database, name: str = "paper", **values: Any) -> ConnectionSetup:
    """Add a connection and return its setup; `enabled` and `live` as given."""
    switches = {key: values.pop(key) for key in ("enabled", "live") if key in values}
    draft = ConnectionDraft(
        **{
            "name": name,
            "exchange": "simulated",
            "symbols": (SYMBOL,),
            "timeframe": "1m",
            **values,
        }
    )
    now = utc_from_ms(T0)
    with database.write() as transaction:
        connection_id = connections.add(transaction, draft, now)
        connections.change(transaction, connection_id, now, **{"enabled": True, **switches})
        setup = connections.find(transaction, name)
    assert setup is not None
    return setup


def stored(database: Database, table: str) -> list[Mapping[str, Any]]:
    """Return every row of a table."""
    with database.read() as transaction:
        return list(transaction.execute(select(METADATA.tables[table])).mappings())


class World:
    """The pipeline of one connection, its clock in the test's hand."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        *specs: StrategySpec,
        setup: ConnectionSetup | None = None,
        venue: Venue | None = None,
        is_gated: bool = False,
        has_ticks: bool = False,
        reconciles: bool = False,
        **settings: Any,
    ) -> None:
        """Unless it `reconciles`, a live account is taken to hold what the engine believes."""
        self.database = database
        self.journal = journal
        self.setup = setup or make_connection(database)
        self.settings = Settings(**{"paper_slippage_pct": 0, **settings})
        self.clock = ManualClock(T0)
        venue = venue or PaperVenue(
            fee_pct=self.settings.paper_fee_pct, slippage_pct=self.settings.paper_slippage_pct
        )
        self.context = EngineContext(
            setup=self.setup,
            settings=self.settings,
            clock=self.clock,
            market=MarketState(
                self.settings.candle_history, self.settings.tick_stale_s, has_ticks=has_ticks
            ),
            account=Account(self.settings.paper_balance),
            recorder=Recorder(self.setup.id, journal),
            venue=venue,
            store_id="a-store",
            live_venue=venue if self.setup.live else None,
            is_gated=is_gated,
        )
        self.pipeline = Pipeline(self.context)
        if not reconciles:
            self.pipeline.reconciler = None
            self.context.reconciled = lambda: True
        self.pipeline.configure(specs, self.setup.symbols)
        self.next_ms = T0

    async def candle(
        self,
        open_: float,
        high: float,
        low: float,
        close: float,
        say: int = 0,
        *,
        symbol: str = SYMBOL,
        source: Source = Source.CSV,
    ) -> None:
        """Close the next candle of every minute, and run every processor once."""
        await self.candles({symbol: (open_, high, low, close, say)}, source=source)

    async def flat(self, price: float, say: int = 0, **options: Any) -> None:
        """Close a candle that stays at one price."""
        await self.candle(price, price, price, price, say, **options)

    async def candles(
        self, by_symbol: Mapping[str, tuple[float, ...]], source: Source = Source.CSV
    ) -> None:
        """Close one candle of several symbols at once."""
        time_ms = self.next_ms
        self.next_ms += MINUTE_MS
        self.clock.set(self.next_ms)
        closed: list[MarketEvent] = [
            CandleClosed(symbol, self.setup.timeframe, Candle(time_ms, *values), source)
            for symbol, values in by_symbol.items()
        ]
        if self.context.market.has_ticks:  # the last trade of each candle
            closed += [
                Tick(symbol, self.next_ms, exact(values[3]), source)
                for symbol, values in by_symbol.items()
            ]
        await self.step(closed)

    async def tick(
        self, price: str, *, symbol: str = SYMBOL, source: Source = Source.STREAM, age_ms: int = 0
    ) -> None:
        """Trade at a price, a millisecond after whatever was before."""
        self.clock.advance(1)
        time_ms = self.clock.now_ms() - age_ms
        await self.step([Tick(symbol, time_ms, Decimal(price), source)])

    async def step(self, events: Any) -> None:
        """Take events, run every processor once, and fail where a cycle failed."""
        await self.pipeline.step(list(events))

    @property
    def errors(self) -> list[str]:
        """The last error of every processor that had one."""
        return [p.figures.last_error for p in self.pipeline.processors if p.figures.last_error]

    async def rows(self, table: str) -> list[Mapping[str, Any]]:
        """Return every row of a table, once all that was recorded is written."""
        self.pipeline.realtime.mark()
        self.context.recorder.flush()
        await self.journal.flush()
        return stored(self.database, table)

    async def row(self, table: str) -> Mapping[str, Any]:
        """Return the only row of a table."""
        (row,) = await self.rows(table)
        return row


@dataclass
class ScriptedVenue:
    """A venue whose answers are written beforehand; what it was sent is kept."""

    answers: list[Accepted | Rejected | Exception] = field(default_factory=list)
    sent: list[Order] = field(default_factory=list)
    filled: list[Fill] = field(default_factory=list)

    async def submit(self, order: Order) -> Accepted | Rejected:
        self.sent.append(order)
        answer = self.answers.pop(0) if self.answers else Accepted(f"v-{len(self.sent)}")
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def cancel(self, order: Order) -> bool:
        return False

    def instrument(self, symbol: str) -> None:
        return None

    def take_updates(self) -> Updates:
        updates = Updates(fills=self.filled)
        self.filled = []
        return updates

    def observe(self, symbol: str, price: Decimal, time_ms: int, **book: Decimal | None) -> None:
        """Hear of prices, and make nothing of them."""

    def fill(self, order: Order, price: str, quantity: str = "1") -> None:
        """Fill an order that was sent."""
        self.filled.append(
            Fill(
                client_order_id=order.client_order_id,
                venue_order_id="v-1",
                venue_trade_id=f"t-{order.client_order_id}",
                symbol=order.symbol,
                side=order.side,
                quantity=Decimal(quantity),
                price=Decimal(price),
                fee=Decimal(0),
                fee_currency="USDT",
                time_ms=T0,
            )
        )


class ScriptedFeed:
    """A feed that says what it is told to say; an exception is raised where it stands."""

    has_ticks = True

    def __init__(
        self,
        *batches: Sequence[MarketEvent] | Exception,
        history: Sequence[Candle] = (),
        source: Source = Source.STREAM,
    ) -> None:
        self.source = source
        self.said: asyncio.Queue[Sequence[MarketEvent] | Exception] = asyncio.Queue()
        for batch in batches:
            self.said.put_nowait(batch)
        self.past = CandleColumns.from_candles(list(history))
        self.is_closed = False

    async def history(self, symbol: str, timeframe: str, limit: int) -> CandleColumns:
        return self.past

    async def events(self) -> Any:
        while True:
            batch = await self.said.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch

    async def close(self) -> None:
        self.is_closed = True

    def say(self, *events: MarketEvent) -> None:
        self.said.put_nowait(events)

    def fail(self, error: Exception) -> None:
        self.said.put_nowait(error)
