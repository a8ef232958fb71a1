"""The venue's books against ours: what an account must never show after any run of faults."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from cts_tui.model.money import round_money
from cts_tui.store.database import Database
from cts_tui.store.tables import FILLS, ORDERS, POSITIONS
from tests.loopback import LoopbackExchange

_OVER = {"filled", "cancelled", "rejected", "expired"}
_VENUE_ALIVE = {"NEW", "PARTIALLY_FILLED", "TRIGGERED"}
_NOTHING = Decimal(0)
_ROUNDED = Decimal("1e-10")
"""Where a late exit of one position has reduced the next, PnL is shifted between the two."""


@dataclass
class Findings:
    """What was counted, and what was wrong; every fault is one line."""

    orders: int = 0
    fills: int = 0
    positions: int = 0
    renamed: int = 0
    """Fills of orders that came after they were given up, booked under a made-up order."""
    doubled: list[str] = field(default_factory=list)
    untracked: list[str] = field(default_factory=list)
    lost_fills: list[str] = field(default_factory=list)
    unprotected: list[str] = field(default_factory=list)
    pnl: list[str] = field(default_factory=list)
    positions_differ: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that is wrong."""
        named = ("doubled", "untracked", "lost_fills", "unprotected", "pnl")
        return [
            f"{name}: {line}"
            for name in (*named, "positions_differ", "unsettled")
            for line in getattr(self, name)
        ]


class Audit:
    """One account at the loopback exchange and the store of who traded on it."""

    def __init__(self, exchange: LoopbackExchange, market: str, database: Database) -> None:
        self.exchange = exchange
        self.market = market
        self.engine = exchange.spot if market == "spot" else exchange.swap
        with database.read() as transaction:

            def rows(table: Any) -> list[Any]:
                return list(transaction.execute(select(table)).mappings())

            self.orders = {row["client_order_id"]: row for row in rows(ORDERS)}
            self.fills = rows(FILLS)
            self.positions = rows(POSITIONS)
        self._renamed: set[str] = set()
        self.findings = Findings(
            orders=len(exchange.accepted) + len(exchange.algo.orders),
            fills=len(self.engine.fills),
            positions=len(self.positions),
        )

    def at_the_end(self) -> Findings:
        """Compare everything; nothing may be open any more."""
        self._orders()
        self._fills()
        self._pnl()
        self._positions()
        return self.findings

    def uncovered(self) -> list[str]:
        """Return the open positions that the stops at the venue do not cover whole."""
        covered: dict[str, Decimal] = defaultdict(Decimal)
        if self.market == "swap":
            for algo in self.exchange.algo.orders.values():
                if algo.status == "NEW" and algo.type.startswith("STOP"):
                    covered[self._key_of(algo.client_id)] += algo.quantity
        for order in self.engine.orders.values():
            if order.is_alive and order.type.startswith("STOP") and self.market == "spot":
                covered[self._key_of(order.client_id)] += order.remaining
        bare = []
        for row in self.positions:
            held = row["quantity"] - row["exited"]
            base = row["symbol"].partition("/")[0]
            step = self.exchange.market.listings[f"{base}USDT"].step
            if row["status"] in ("open", "closing") and covered[row["key"]] < held // step * step:
                bare.append(f"{row['key']} holds {held}, stops cover {covered[row['key']]}")
        return bare

    def _key_of(self, client_id: str) -> str:
        row = self.orders.get(client_id)
        return "" if row is None else row["position_key"]

    def _orders(self) -> None:
        found = self.findings
        ids = Counter(order.client_id for order in self.exchange.accepted)
        algos = Counter(order.client_id for order in self.exchange.algo.orders.values())
        for client_id, count in [*ids.items(), *algos.items()]:
            if count > 1:
                found.doubled.append(f"{client_id} was accepted {count} times")
        alive = {
            order.client_id: order.status in _VENUE_ALIVE
            for order in (*self.exchange.algo.orders.values(), *self.engine.orders.values())
        }
        for client_id, is_alive in alive.items():
            row = self.orders.get(client_id)
            if row is None:
                found.untracked.append(f"order {client_id} is not in our store")
            elif is_alive:
                found.unsettled.append(f"{client_id} ({row['purpose']}) rests at the venue")
        for client_id, row in self.orders.items():
            if row["status"] not in _OVER:
                found.unsettled.append(f"{client_id} ({row['purpose']}) is {row['status']}")

    def _fills(self) -> None:
        ours: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in self.fills:
            base = row["symbol"].partition("/")[0]
            ours[f"{base}USDT", row["venue_trade_id"].rpartition("/")[2]].append(row)
        for fill in self.engine.fills:
            rows = ours.pop((fill.symbol, str(fill.id)), [])
            told = [
                (row["client_order_id"], row["quantity"], row["price"], row["fee"]) for row in rows
            ]
            if len(told) == 1 and told[0][0] != fill.client_id and self._was_given_up(fill):
                told = [(fill.client_id, *told[0][1:])]
                self.findings.renamed += 1
                self._renamed |= {fill.client_id, rows[0]["client_order_id"]}
            if told != [(fill.client_id, fill.quantity, fill.price, as_told(fill.fee))]:
                self.findings.lost_fills.append(f"{fill} is booked as {told}")
        for rows in ours.values():
            self.findings.lost_fills.append(f"booked, but not the venue's: {rows}")
        for client_id, row in self.orders.items():
            filled = sum(
                (f.quantity for f in self.engine.fills if f.client_id == client_id), _NOTHING
            )
            if row["filled"] != filled and client_id not in self._renamed:
                self.findings.lost_fills.append(f"{client_id}: {row['filled']}, venue {filled}")

    def _was_given_up(self, fill: Any) -> bool:
        """Return whether a fill is of an order that arrived after all that is waited for.

        Trades bear the venue's order id alone, so such a fill closes its position as somebody's.
        """
        row = self.orders.get(fill.client_id)
        return row is not None and row["status"] == "rejected" and "arrived" in row["answer"]

    def _pnl(self) -> None:
        """Compute every position's PnL from the venue's fills alone."""
        by_position: dict[str, list[Any]] = defaultdict(list)
        for fill in self.engine.fills:
            by_position[self._key_of(fill.client_id)].append(fill)
        booked: dict[str, Decimal] = defaultdict(Decimal)
        differ: dict[str, list[str]] = defaultdict(list)
        for row in self.positions:
            wanted = pnl_of(by_position.pop(row["key"], []), is_long=row["side"] == "long")
            booked[row["symbol"]] += row["pnl"] or _NOTHING
            if row["pnl"] != wanted:
                differ[row["symbol"]].append(f"{row['key']}: {row['pnl']}, venue {wanted}")
        for symbol, lines in differ.items():
            is_shifted = self.market == "swap" and len(lines) > 1
            if not is_shifted or abs(booked[symbol] - self._cash(symbol)) > _ROUNDED:
                self.findings.pnl += lines
        self.findings.pnl += [f"fills of no position: {fills}" for fills in by_position.values()]

    def _cash(self, symbol: str) -> Decimal:
        """Return what all fills of a symbol have brought, fees paid: nothing is held any more."""
        name = symbol.partition("/")[0] + "USDT"
        return pnl_of([fill for fill in self.engine.fills if fill.symbol == name], is_long=True)

    def _positions(self) -> None:
        found = self.findings
        found.positions_differ += [
            f"{row['key']} is {row['status']}"
            for row in self.positions
            if row["status"] not in ("closed", "closed_with_dust")
        ]
        for symbol in {fill.symbol for fill in self.engine.fills}:
            base = symbol.removesuffix("USDT")
            ours = sum(
                (
                    row["quantity"] - row["exited"]
                    for row in self.positions
                    if row["symbol"].startswith(f"{base}/")
                ),
                _NOTHING,
            )
            if self.market == "swap":
                there = self.exchange.swap.position(symbol).amount
            else:
                balance = self.exchange.spot.balance(base)
                there = balance.free + balance.locked - (1 if base == "BTC" else 0)
            if ours != there:
                found.positions_differ.append(f"{symbol}: ours {ours}, venue {there}")


def as_told(fee: Decimal) -> Decimal:
    """Return a fee as the venue tells it: with eight decimals."""
    return fee.quantize(Decimal("1e-8"))


def pnl_of(fills: list[Any], *, is_long: bool) -> Decimal:
    """Return the PnL of a position from the venue's fills; what is left is worth its cost."""
    entered = exited = cost = value = fees = taken = _NOTHING
    for fill in fills:
        is_entry = (fill.side == "BUY") == is_long
        if is_entry:
            entered, cost = entered + fill.quantity, cost + fill.quantity * fill.price
        else:
            exited, value = exited + fill.quantity, value + fill.quantity * fill.price
        if fill.fee_currency == "USDT":
            fees += as_told(fill.fee)
        else:
            taken += as_told(fill.fee)
    left = entered - taken - exited
    if left:
        value += left * (cost / entered).quantize(Decimal("1e-18"))
    gained = value - cost if is_long else cost - value
    return round_money(gained) - fees
