"""Words of a parameter search."""

from enum import StrEnum


class By(StrEnum):
    """What the best combination has most of."""

    PROFIT_FACTOR = "profit-factor"
    NET_PROFIT = "net-profit"
