"""Leverage, margin and position mode of a swap account: read, set where different, verified."""

from collections.abc import Mapping
from typing import Any

from cts_tui.errors import AuthenticationError, VenueError
from cts_tui.exchange.faults import NO_CHANGE
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.session import ExchangeSession
from cts_tui.venue.ccxt_abilities import Abilities
from cts_tui.venue.ccxt_reading import number
from cts_tui.venue.ccxt_requests import MarginSetting


class Margin:
    """What was set per symbol, and whether the account keeps long and short apart."""

    def __init__(self, session: ExchangeSession, abilities: Abilities) -> None:
        self._session = session
        self._abilities = abilities
        self._settings: dict[str, MarginSetting] = {}
        self._is_hedged: bool | None = None

    def setting(self, symbol: str) -> MarginSetting:
        """Return what a symbol was prepared with."""
        return self._settings.get(symbol, MarginSetting())

    @property
    def was_hedged(self) -> bool:
        """Whether the account was in hedge mode when it was asked; False before."""
        return self._is_hedged is True

    async def is_hedged(self, symbol: str) -> bool:
        """Return whether the account holds long and short at once (hedge mode); asked once."""
        if self._is_hedged is None:
            self._is_hedged = await self._read_hedged(symbol)
        return self._is_hedged

    async def prepare(self, symbol: str, leverage: int | None, margin_mode: str | None) -> None:
        """Set and verify. Raises VenueError where the exchange is not as it was asked to be."""
        if margin_mode is not None:
            await self._set_margin_mode(symbol, margin_mode, leverage)
        if leverage is not None:
            await self._set_leverage(symbol, leverage, margin_mode)
        self._settings[symbol] = MarginSetting(leverage, margin_mode)
        await self.is_hedged(symbol)

    async def _read_hedged(self, symbol: str) -> bool:
        if self._session.client.has.get("fetchPositionMode") is True:
            mode = await self._ask("fetch_position_mode", symbol)
            return isinstance(mode, Mapping) and mode.get("hedged") is True
        if not self._session.has("fetchPositions"):
            return False
        rows = await self._ask("fetch_positions", [symbol])
        return any(isinstance(row, Mapping) and row.get("hedged") is True for row in rows or ())

    async def _set_margin_mode(self, symbol: str, margin_mode: str, leverage: int | None) -> None:
        if await self._margin_mode(symbol) == margin_mode:
            return
        is_named = leverage is not None and self._abilities.margin_mode_takes_leverage
        params = {"leverage": leverage} if is_named else {}
        await self._change("set_margin_mode", margin_mode, symbol, params=params)
        found = await self._margin_mode(symbol)
        if found not in (margin_mode, None):
            raise VenueError(
                f"{self._session.exchange}: the margin mode of {symbol} is {found}, "
                f"not {margin_mode} as asked: set it at the exchange, or change the connection"
            )

    async def _set_leverage(self, symbol: str, leverage: int, margin_mode: str | None) -> None:
        if await self._leverages(symbol) == {leverage}:
            return
        is_named = margin_mode is not None and self._abilities.leverage_takes_margin_mode
        params = {"marginMode": margin_mode} if is_named else {}
        await self._change("set_leverage", leverage, symbol, params=params)
        found = await self._leverages(symbol)
        if found and found != {leverage}:
            raise VenueError(
                f"{self._session.exchange}: the leverage of {symbol} is {_texts(found)}, "
                f"not {leverage} as asked: the exchange may allow less"
            )

    async def _change(self, method: str, *args: Any, params: dict[str, Any]) -> None:
        """Set something; that it is so already is as good as done (note 16)."""
        try:
            await self._ask(method, *args, params=params)
        except AuthenticationError:
            raise
        except VenueError as error:
            if error.code != NO_CHANGE and not _says_unchanged(str(error)):
                raise

    async def _margin_mode(self, symbol: str) -> str | None:
        """Return the margin mode in force, None where the exchange does not say."""
        for method, name in (("fetchMarginMode", "fetch_margin_mode"), *_LEVERAGE):
            if self._session.has(method):
                row = await self._readable(name, symbol)
                if row is not None and row.get("marginMode"):
                    return str(row["marginMode"])
        return None

    async def _leverages(self, symbol: str) -> set[int]:
        """Return the leverage of each side, empty where the exchange does not say."""
        if not self._session.has("fetchLeverage"):
            return set()
        row = await self._readable("fetch_leverage", symbol) or {}
        values = (number(row.get("longLeverage")), number(row.get("shortLeverage")))
        return {int(value) for value in values if value}

    async def _readable(self, method: str, symbol: str) -> Mapping[str, Any] | None:
        """Return what an exchange says, None where it will not."""
        try:
            row = await self._ask(method, symbol)
        except AuthenticationError:
            raise
        except VenueError:
            return None
        return row if isinstance(row, Mapping) else None

    async def _ask(self, method: str, *args: Any, params: dict[str, Any] | None = None) -> Any:
        return await self._session.call(
            method, *args, params=params or {}, priority=Priority.ACCOUNT
        )


_LEVERAGE = (("fetchLeverage", "fetch_leverage"),)


def _says_unchanged(text: str) -> bool:
    lowered = text.lower()
    return any(words in lowered for words in ("no need to change", "not modified", "not changed"))


def _texts(values: set[int]) -> str:
    return " and ".join(str(value) for value in sorted(values))
