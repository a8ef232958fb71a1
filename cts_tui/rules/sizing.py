"""How much an entry costs and how much it buys: one definition for live, replay and backtest."""

from decimal import Decimal
from typing import Final

from cts_tui.model.money import ZERO, of_percent, round_money
from cts_tui.model.strategy import Size, SizeKind

_WHOLE: Final = Decimal(100)


def entry_cost(size: Size, equity: Decimal, stop_loss_pct: Decimal) -> Decimal:
    """Return the notional of an entry in quote currency, ≥ 0; 0 means: do not enter.

    - `quote`: the amount as written, whatever the equity. What the account cannot pay is for the
      venue or the risk check to refuse, not for the size to hide.
    - `equity_pct`: that percentage of `equity`; above 100 is the trader's leverage.
    - `risk_pct`: equity × amount % / stop %, so that the loss at the stop is amount % of equity.
      At most `equity`: a near stop does not borrow. Without a stop (0 %) all of the entry is at
      risk, as if the stop lay 100 % away.

    Equity 10,000, risk 1 %, stop 2 % → 5,000: the stop costs 100, which is 1 %.
    """
    cost = size.amount
    if size.kind is SizeKind.EQUITY_PCT:
        cost = of_percent(equity, size.amount)
    elif size.kind is SizeKind.RISK_PCT:
        at_risk = of_percent(equity, size.amount)
        cost = min(equity, round_money(at_risk * _WHOLE / (stop_loss_pct or _WHOLE)))
    return max(cost, ZERO)


def entry_quantity(cost: Decimal, fill_price: Decimal) -> Decimal:
    """Return the base quantity that `cost` buys at `fill_price` (slippage included), 12 decimals.

    100 at 40 → 2.5. Venue steps are not applied here.
    """
    return round_money(cost / fill_price)
