"""What stands for a value that cannot be read: only what other rows say, or what changes nothing.

An expression in SQL over the row `t`, by column. Where it gives NULL and the column may not be
NULL, nothing tells the value: the row leaves its table, whole.
"""

from typing import Final

from cts_tui.model.trading import Mode, OrderStatus

_FILLS: Final = "FROM fills f WHERE f.client_order_id = t.client_order_id"
_ENTRY: Final = "FROM orders o WHERE o.client_order_id = t.key"
_BY_POSITION: Final = (
    "FROM orders o JOIN fills f ON f.client_order_id = o.client_order_id "
    "WHERE o.position_key = t.key AND o.purpose"
)
_ENTRIES: Final = f"{_BY_POSITION} = 'entry'"
_EXITS: Final = f"{_BY_POSITION} <> 'entry'"
_POSITION: Final = "FROM positions p WHERE p.key = t.position_key"
_ORDER: Final = "FROM orders o WHERE o.client_order_id = t.client_order_id"


def _agreed(column: str, source: str) -> str:
    """Return the one value that all rows of a source agree on."""
    return f"(SELECT CASE WHEN count(DISTINCT {column}) = 1 THEN max({column}) END {source})"


def _iso(time_ms: str) -> str:
    """Return milliseconds as a stored time."""
    return f"strftime('%Y-%m-%dT%H:%M:%fZ', {time_ms} / 1000.0, 'unixepoch')"


_FILLED: Final = f"(SELECT amount_sum(CAST(f.quantity AS BLOB)) {_FILLS})"


def _of_position(source: str, function: str) -> str:
    """Return a sum over the fills of one side of a position."""
    return f"(SELECT {function} {source})"


_QUANTITY: Final = "amount_sum(CAST(f.quantity AS BLOB))"
_VALUE: Final = "value_sum(CAST(f.quantity AS BLOB), CAST(f.price AS BLOB))"
_AVERAGE: Final = "amount_average(CAST(f.quantity AS BLOB), CAST(f.price AS BLOB))"

_QUOTE: Final = "substr(t.symbol, instr(t.symbol, '/') + 1)"
_QUOTE_FEES: Final = (
    f"CASE WHEN min(instr({_QUOTE} || ':', f.fee_currency)) > 0 "
    "THEN amount_sum(CAST(f.fee AS BLOB)) END"
)
"""What fees cost, where all were paid in quote currency: no price has to be known."""

_ORDERS: Final = {
    "venue_order_id": "NULL",
    "position_key": "CASE WHEN t.purpose = 'entry' THEN t.client_order_id END",
    "strategy": _agreed("p.strategy", _POSITION),
    "symbol": f"ifnull({_agreed('f.symbol', _FILLS)}, {_agreed('p.symbol', _POSITION)})",
    "side": f"ifnull({_agreed('f.side', _FILLS)}, (SELECT CASE WHEN (p.side = 'long') = "
    f"(t.purpose = 'entry') THEN 'buy' ELSE 'sell' END {_POSITION}))",
    "type": f"CASE WHEN t.status IN ('{OrderStatus.FILLED}', '{OrderStatus.CANCELLED}', "
    f"'{OrderStatus.REJECTED}', '{OrderStatus.EXPIRED}') THEN 'market' END",
    "reduce_only": "t.purpose <> 'entry'",
    "quantity": f"CASE WHEN t.status = '{OrderStatus.FILLED}' THEN {_FILLED} END",
    "cost": "NULL",
    "price": "CASE WHEN t.type = 'market' THEN NULL ELSE t.price END",
    "status": f"CASE WHEN t.quantity = {_FILLED} THEN "
    f"'{OrderStatus.FILLED}' WHEN t.is_live THEN '{OrderStatus.UNKNOWN}' END",
    "filled": _FILLED,
    "average_price": f"(SELECT {_AVERAGE} {_FILLS})",
    "time_in_force": "'gtc'",
    "purpose": "CASE WHEN t.client_order_id = t.position_key THEN 'entry' WHEN t.reduce_only "
    "THEN CASE t.type WHEN 'stop' THEN 'stop' WHEN 'take_profit' THEN 'target' ELSE 'exit' END "
    "ELSE 'entry' END",
    "timeframe": f"ifnull({_agreed('p.timeframe', _POSITION)}, '')",
    "is_live": _agreed("p.is_live", _POSITION),
    "created_at": f"ifnull((SELECT {_iso('min(f.time_ms)')} {_FILLS}), t.updated_at)",
    "updated_at": f"ifnull((SELECT {_iso('max(f.time_ms)')} {_FILLS}), t.created_at)",
    "fees": f"(SELECT {_QUOTE_FEES} {_FILLS})",
}
_FILLS_OWN: Final = {
    "symbol": f"(SELECT o.symbol {_ORDER})",
    "side": f"(SELECT o.side {_ORDER})",
    "venue_order_id": f"ifnull((SELECT o.venue_order_id {_ORDER}), '')",
    "fee_currency": "CASE WHEN instr(t.symbol, '/') AND CAST(t.fee AS REAL) = 0 THEN "
    "substr(t.symbol, instr(t.symbol, '/') + 1) END",
}
_STOP_OF_STRATEGY: Final = (
    "(SELECT price_beside(t.entry_price, s.{column}, {sign}) FROM strategies s "
    "WHERE s.name = t.strategy AND CAST(s.{column} AS REAL) > 0)"
)
_IS_OVER: Final = "t.status IN ('closed', 'closed_with_dust')"


def _level(purpose: str, column: str, sign: str) -> str:
    """Return a level of a position: that of the order that guards it, else of its strategy."""
    order = (
        "(SELECT o.price FROM orders o WHERE o.position_key = t.key AND "
        f"o.purpose = '{purpose}' ORDER BY o.id DESC LIMIT 1)"
    )
    by_rule = _STOP_OF_STRATEGY.format(column=column, sign=sign)
    return f"CASE WHEN {_IS_OVER} THEN NULL ELSE ifnull({order}, {by_rule}) END"


_POSITIONS: Final = {
    "strategy": f"(SELECT o.strategy {_ENTRY})",
    "symbol": f"(SELECT o.symbol {_ENTRY})",
    "timeframe": f"(SELECT o.timeframe {_ENTRY})",
    "side": f"(SELECT CASE o.side WHEN 'buy' THEN 'long' WHEN 'sell' THEN 'short' END {_ENTRY})",
    "status": "CASE WHEN t.closed_at IS NOT NULL AND t.pnl IS NOT NULL AND t.exit_price IS NOT "
    "NULL THEN 'closed' WHEN t.closed_at IS NULL AND t.pnl IS NULL THEN 'open' END",
    "entry_time_ms": f"(SELECT min(f.time_ms) {_ENTRIES})",
    "opened_at": f"ifnull({_iso('t.entry_time_ms')}, (SELECT o.updated_at {_ENTRY}))",
    "entry_price": _of_position(_ENTRIES, _AVERAGE),
    "entered": _of_position(_ENTRIES, _QUANTITY),
    "entry_cost": _of_position(_ENTRIES, _VALUE),
    "exited": _of_position(_EXITS, _QUANTITY),
    "exit_value": _of_position(_EXITS, _VALUE),
    "quantity": f"(SELECT CASE WHEN {_QUOTE_FEES} IS NOT NULL THEN {_QUANTITY} END {_ENTRIES})",
    "fees": f"(SELECT {_QUOTE_FEES} {_BY_POSITION} IS NOT NULL)",
    "paid_fees": f"(SELECT {_QUOTE_FEES} {_BY_POSITION} IS NOT NULL)",
    "pnl": "NULL",
    "exit_reason": "NULL",
    "exit_price": f"CASE WHEN {_IS_OVER} THEN {_of_position(_EXITS, _AVERAGE)} END",
    "exit_time_ms": f"CASE WHEN {_IS_OVER} THEN (SELECT max(f.time_ms) {_EXITS}) END",
    "closed_at": f"CASE WHEN {_IS_OVER} THEN (SELECT max(o.updated_at) {_EXITS}) END",
    "stop_price": _level("stop", "stop_loss_pct", "CASE t.side WHEN 'long' THEN -1 ELSE 1 END"),
    "target_price": _level(
        "target", "take_profit_pct", "CASE t.side WHEN 'long' THEN 1 ELSE -1 END"
    ),
    "is_trailing": "0",
    "best_close": "NULL",
    "trailing_stop_pct": "ifnull((SELECT s.trailing_stop_pct FROM strategies s "
    "WHERE s.name = t.strategy), '0')",
    "is_live": f"(SELECT o.is_live {_ENTRY})",
    "stop_order_id": "NULL",
    "unprotected_since_ms": "CASE WHEN t.is_live THEN NULL END",
    "close_requested_at": "NULL",
}
_CONNECTIONS: Final = {
    "mode": f"'{Mode.PAPER}'",
    "market": "CASE WHEN instr(t.symbols, ':') THEN 'swap' ELSE 'spot' END",
    "symbols": "'[]'",
    "symbols_filter": "NULL",
    "timeframe": "'1m'",
    "enabled": "0",
    "live": "0",
    "is_predefined": "0",
    "ccxt_config": "NULL",
    "last_test": "NULL",
    "flatten_requested_at": "NULL",
    "created_at": "moment(0)",
    "updated_at": "moment(0)",
}
"""A connection is not removed, its trades would go with it; it is disabled, and on paper."""

DERIVATIONS: Final = {
    "connections": _CONNECTIONS,
    "orders": _ORDERS,
    "fills": _FILLS_OWN,
    "positions": _POSITIONS,
    "signals": {"reason": "''"},
}
WORDY: Final = {
    "connections": ("name", "exchange"),
    "orders": ("reason", "answer", "venue_order_id", "strategy", "timeframe"),
    "positions": ("strategy", "source", "timeframe"),
    "fills": ("venue_order_id", "venue_trade_id"),
    "events": ("who", "kind", "subject", "before", "after", "message"),
    "strategies": ("description",),
    "signals": ("reason", "source"),
    "engine_states": ("last_error", "feed_source"),
}
"""Columns of words, which stay with what is no UTF-8 in them replaced."""
