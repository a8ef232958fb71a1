"""Column types: money as exact text, times as aware UTC, reports as JSON, words without secrets."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

import orjson
from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

from cts_tui.errors import StoreError
from cts_tui.model.money import money_text
from cts_tui.redaction import redacted
from cts_tui.store.database import REPAIR_ADVICE

Word = TypeVar("Word", bound=StrEnum)


class DecimalText(TypeDecorator[Decimal]):
    """A Decimal kept as TEXT: SQLite's own DECIMAL is a float and rounds."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write plain digits. Raises ValueError for NaN and infinity (S12)."""
        if value is None:
            return None
        if not value.is_finite():
            raise ValueError(f"{value} is no amount of money and is not stored")
        return money_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read the digits back. Raises StoreError for what is no amount."""
        try:
            return None if value is None else Decimal(value)
        except (InvalidOperation, TypeError, ValueError):
            raise unreadable(value, "an amount") from None


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime kept as ISO-8601 text with milliseconds and `Z`."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Write the time. Raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: stored times are aware UTC")
        return value.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Read the time back as aware UTC. Raises StoreError for what is no time."""
        try:
            return None if value is None else datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise unreadable(value, "a time") from None


class Words(TypeDecorator[str]):
    """What the desk says of itself: an error, an event. No secret it knows gets in (S10)."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write the text with every known secret masked."""
        return None if value is None else redacted(value)


class Json(TypeDecorator[Any]):
    """Plain lists, dicts and numbers kept as JSON text; NaN becomes null."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Write compact JSON."""
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any | None:
        """Read the value back. Raises StoreError for what is no JSON."""
        try:
            return None if value is None else orjson.loads(value)
        except orjson.JSONDecodeError:
            raise unreadable(value, "JSON") from None


class Figures(Json):
    """JSON that holds words of exchanges and libraries; a known secret in it is masked (S10)."""

    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """Write compact JSON without secrets; short ones are left, they could be figures."""
        text = super().process_bind_param(value, dialect)
        return None if text is None else redacted(text, shortest=16)


def word(kind: type[Word], value: Any) -> Word:
    """Return a stored word. Raises StoreError for one that is not known."""
    try:
        return kind(value)
    except ValueError:
        raise unreadable(value, f"one of {', '.join(kind)}") from None


def unreadable(value: Any, what: str) -> StoreError:
    """Return the error for a value that nothing of ours has written."""
    return StoreError(
        f"the database holds {str(value)[:40]!r} where {what} belongs; {REPAIR_ADVICE}"
    )


def to_ms(value: datetime) -> int:
    """Return an aware datetime as milliseconds since the epoch."""
    return round(value.timestamp() * 1000)


def to_ms_or_none(value: datetime | None) -> int | None:
    """Return an aware datetime as milliseconds since the epoch; None stays None."""
    return None if value is None else to_ms(value)
