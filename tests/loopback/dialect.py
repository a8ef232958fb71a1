"""How Binance says no, and how it writes numbers."""

from decimal import Decimal
from typing import Any


class Refusal(Exception):  # noqa: N818 - a value of the dialect more than an error
    """An answer with an error code: `{"code": …, "msg": …}`."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers: dict[str, str] = {}

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        return {"code": self.code, "msg": self.message}


def missing(name: str) -> Refusal:
    """A mandatory parameter was not sent."""
    return Refusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def invalid_symbol() -> Refusal:
    """There is no such market."""
    return Refusal(-1121, "Invalid symbol.")


def failed_filter(name: str) -> Refusal:
    """The order does not fit a filter of the market."""
    return Refusal(-1013, f"Filter failure: {name}")


def too_precise() -> Refusal:
    """A number has more digits than the market takes."""
    return Refusal(-1111, "Precision is over the maximum defined for this asset.")


def insufficient_balance() -> Refusal:
    """The spot account cannot pay for the order."""
    return Refusal(-2010, "Account has insufficient balance for requested action.")


def insufficient_margin() -> Refusal:
    """The futures account cannot carry the order."""
    return Refusal(-2019, "Margin is insufficient.")


def unknown_order_to_cancel() -> Refusal:
    """There is no such open order to cancel."""
    return Refusal(-2011, "Unknown order sent.")


def unknown_order() -> Refusal:
    """There never was such an order."""
    return Refusal(-2013, "Order does not exist.")


def plain(value: Decimal | None, places: int | None = 8) -> str:
    """Write a number without exponent; `places` None keeps what digits it has."""
    number = Decimal(0) if value is None else value
    if places is not None:
        return f"{number:.{places}f}"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_true(text: str | None) -> bool:
    """Read a boolean parameter."""
    return (text or "").lower() == "true"
