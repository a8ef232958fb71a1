"""What a key may do. ccxt has no unified call for it: a small table of the exchanges' own ones."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cts_tui.model.connection_test import Permissions
from cts_tui.model.trading import MarketType

Ask = Callable[..., Awaitable[Any]]
"""Call an endpoint of the exchange by ccxt's name for it: `await ask(name, parameters)`."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a query needs to know of the key: its public part, and where it is to trade."""

    api_key: str
    market: MarketType
    wallet: str = ""
    """Address of the key's own wallet, on exchanges where a key is one."""


Reader = Callable[[Any, Key], Permissions]


@dataclass(frozen=True, slots=True)
class Query:
    """How to ask an exchange: ccxt's name of the endpoint, and how to read the answer."""

    endpoint: str
    read: Reader
    account_from: str = ""
    """An endpoint to ask first, whose `data` is the account's number that this one wants."""
    parameters: Callable[[Key], dict[str, str]] = lambda key: {}


def tells_permissions(exchange_id: str) -> bool:
    """Return whether an exchange can be asked what a key may do."""
    return exchange_id in QUERIES


async def permissions_of(exchange_id: str, key: Key, ask: Ask) -> Permissions:
    """Ask an exchange what a key may do; nothing is known where it cannot be asked.

    Raises what `ask` raises.
    """
    query = QUERIES.get(exchange_id)
    if query is None:
        return Permissions()
    parameters = query.parameters(key)
    if query.account_from:
        account = _part(await ask(query.account_from, {}), "data")
        parameters |= {"uid": str(account)}
    return query.read(await ask(query.endpoint, parameters), key)


def _binance(answer: Any, key: Key) -> Permissions:
    trades = {MarketType.SPOT: "enableSpotAndMarginTrading", MarketType.SWAP: "enableFutures"}
    return Permissions(_flag(answer, "enableWithdrawals"), _flag(answer, trades[key.market]))


def _bybit(answer: Any, key: Key) -> Permissions:
    result = _part(answer, "result")
    granted, read_only = _part(result, "permissions"), _number(_part(result, "readOnly"))
    if not isinstance(granted, Mapping) or read_only not in (0, 1):
        return Permissions()
    if read_only:
        return Permissions(can_withdraw=False, can_trade=False)
    groups = {str(group).lower() for group, rights in granted.items() if rights}
    words = frozenset(groups - {"wallet"}) | _words(granted.get("Wallet") or [])
    trades = {MarketType.SPOT: ("spot",), MarketType.SWAP: ("contracttrade", "derivatives")}
    return _rights(words, ("withdraw",), trades[key.market], _BYBIT_HARMLESS)


def _okx(answer: Any, key: Key) -> Permissions:
    words = _words(_part(_first(_part(answer, "data")), "perm"))
    return _rights(words, ("withdraw",), ("trade",), ("read_only",))


def _kucoin(answer: Any, key: Key) -> Permissions:
    """The right to transfer includes withdrawing; the one to transfer inside does not."""
    words = _words(_part(_part(answer, "data"), "permission"))
    trades = {MarketType.SPOT: ("spot", "trade"), MarketType.SWAP: ("futures",)}[key.market]
    withdraws = ("transfer", "withdraw", "withdrawal")
    return _rights(words, withdraws, (*trades, "unified"), _KUCOIN_HARMLESS)


def _coinbase(answer: Any, key: Key) -> Permissions:
    return Permissions(_flag(answer, "can_transfer"), _flag(answer, "can_trade"))


def _kraken(answer: Any, key: Key) -> Permissions:
    words = _words(_part(_part(answer, "result"), "permissions"))
    withdraws = ("withdraw-funds", "withdraw")
    return _rights(words, withdraws, ("modify-trades", "create-orders"), _KRAKEN_HARMLESS)


def _bitfinex(answer: Any, key: Key) -> Permissions:
    """Rows of scope, may read, may write."""
    rows = [row for row in _list(answer) if isinstance(row, list) and len(row) > 2]
    if not rows:
        return Permissions()
    writes = frozenset(str(row[0]).lower() for row in rows if _number(row[2]) == 1)
    return _rights(writes | {"reads"}, ("withdraw",), ("orders",), _BITFINEX_HARMLESS)


def _bitget(answer: Any, key: Key) -> Permissions:
    words = _words(_part(_part(answer, "data"), "authorities"))
    trades = {MarketType.SPOT: "stow", MarketType.SWAP: "coow"}[key.market]
    return _rights(words, ("wwow", "withdraw"), (trades, "trade"), _BITGET_HARMLESS)


def _bingx(answer: Any, key: Key) -> Permissions:
    data = _part(answer, "data") if isinstance(_part(answer, "data"), Mapping) else answer
    trades = {MarketType.SPOT: "1", MarketType.SWAP: "3"}[key.market]
    words = _words([value for value in _list(_part(data, "permissions")) if value is not None])
    return _rights(words, ("5",), (trades,), ("1", "2", "3", "4", "7"))


def _htx(answer: Any, key: Key) -> Permissions:
    own = _own_key(_part(answer, "data"), "accessKey", key)
    words = _words(_part(own, "permission"))
    return _rights(words, ("withdraw",), ("trade",), ("readonly",))


def _deribit(answer: Any, key: Key) -> Permissions:
    """A scope is `wallet:read_write trade:read_write`; withdrawing wants to write the wallet."""
    own = _own_key(_part(answer, "result"), "client_id", key)
    words = _words(_part(own, "max_scope"))
    harmless = [word for word in words if word.endswith((":none", ":read"))]
    return _rights(
        words,
        ("wallet:read_write",),
        ("trade:read_write",),
        (*harmless, "account:read_write", "block_trade:read_write", "mainaccount"),
    )


def _bitflyer(answer: Any, key: Key) -> Permissions:
    """The paths that a key may call; those that begin with `get` read."""
    words = _words([path for path in _list(answer) if str(path).startswith("/")])
    reads = [path for path in words if path.startswith(("/v1/me/get", "/v1/get"))]
    return _rights(
        words, ("/v1/me/withdraw",), ("/v1/me/sendchildorder",), (*reads, *_BITFLYER_HARMLESS)
    )


def _hyperliquid(answer: Any, key: Key) -> Permissions:
    """An agent's wallet trades and cannot withdraw; the account's own wallet does both."""
    role = _part(answer, "role")
    if role not in ("agent", "user"):
        return Permissions()
    return Permissions(can_withdraw=role == "user", can_trade=True)


def _flag(answer: Any, name: str) -> bool | None:
    """Return a flag; None where it is missing or neither true nor false."""
    value = _part(answer, name)
    return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))


def _part(answer: Any, name: str) -> Any:
    return answer.get(name) if isinstance(answer, Mapping) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: Any) -> Any:
    return next(iter(_list(value)), None)


def _own_key(rows: Any, name: str, key: Key) -> Any:
    """Return the row of our key among all keys of the account."""
    return next((row for row in _list(rows) if _part(row, name) == key.api_key), None)


def _number(value: Any) -> int | None:
    """Return a whole number; ccxt hands the numbers of an answer on as text."""
    return int(value) if str(value).isdigit() else None


def _words(value: Any) -> frozenset[str]:
    """Return the rights that a list or a text names, in lower case."""
    parts = value.replace(",", " ").split() if isinstance(value, str) else _list(value)
    return frozenset(str(part).lower() for part in parts)


def _rights(
    words: frozenset[str],
    withdraws: Iterable[str],
    trades: Iterable[str],
    harmless: Iterable[str],
) -> Permissions:
    """Return what the named rights come to.

    A key with no right at all is an answer that was not understood. So is a word that is not known:
    it may be the right to withdraw by a new name.
    """
    if not words:
        return Permissions()
    absent = None if words - {*withdraws, *trades, *harmless} else False
    return Permissions(
        absent if words.isdisjoint(withdraws) else True,
        absent if words.isdisjoint(trades) else True,
    )


_BYBIT_HARMLESS: Final = (
    *("accounttransfer", "submembertransfer", "submembertransferlist"),
    *("spot", "contracttrade", "derivatives", "options", "copytrading", "blocktrade"),
    *("exchange", "nft", "affiliate", "earn"),
)
_KUCOIN_HARMLESS: Final = (
    *("general", "spot", "trade", "margin", "futures", "unified"),
    *("innertransfer", "earn", "leadtrade", "leadtradefutures"),
)
_KRAKEN_HARMLESS: Final = (
    *("query-funds", "add-funds", "deposit-funds", "deposit", "earn-funds"),
    *("query-open-trades", "query-closed-trades", "query-orders", "close-trades", "cancel-orders"),
    *("query-ledger", "query-ledgers", "export-data", "access-websockets"),
)
_BITFINEX_HARMLESS: Final = (
    *("reads", "account", "history", "orders", "positions", "funding", "settings", "wallets"),
)
_BITGET_HARMLESS: Final = (
    *("coor", "coow", "cpor", "cpow", "stor", "stow", "smor", "smow"),
    *("ttor", "ttow", "wtor", "wtow", "wwor", "read", "readonly"),
)
_BITFLYER_HARMLESS: Final = (
    *("/v1/me/cancelchildorder", "/v1/me/cancelallchildorders"),
    *("/v1/me/sendparentorder", "/v1/me/cancelparentorder"),
)
"""Rights that are known and move no money off the exchange."""

_BINANCE: Final = Query("sapiGetAccountApiRestrictions", _binance)
_BYBIT: Final = Query("privateGetV5UserQueryApi", _bybit)
_OKX: Final = Query("privateGetAccountConfig", _okx)
_KUCOIN: Final = Query("privateGetUserApiKey", _kucoin)

QUERIES: Final[Mapping[str, Query]] = {
    "binance": _BINANCE,
    "binanceusdm": _BINANCE,
    "bingx": Query("accountV1PrivateGetAccountApiPermissions", _bingx),
    "bitfinex": Query("privatePostAuthRPermissions", _bitfinex),
    "bitflyer": Query("privateGetGetpermissions", _bitflyer),
    "bitget": Query("privateSpotGetV2SpotAccountInfo", _bitget),
    "bybit": _BYBIT,
    "bybiteu": _BYBIT,
    "bybitid": _BYBIT,
    "coinbase": Query("v3PrivateGetBrokerageKeyPermissions", _coinbase),
    "deribit": Query("privateGetListApiKeys", _deribit),
    "hyperliquid": Query(
        "publicPostInfo",
        _hyperliquid,
        parameters=lambda key: {"type": "userRole", "user": key.wallet},
    ),
    "htx": Query("spotPrivateGetV2UserApiKey", _htx, account_from="spotPrivateGetV2UserUid"),
    "kraken": Query("privatePostGetApiKeyInfo", _kraken),
    "kucoin": _KUCOIN,
    "kucoinfutures": _KUCOIN,
    "myokx": _OKX,
    "okx": _OKX,
    "okxus": _OKX,
}
"""By ccxt id. An exchange that is not here, or answers otherwise, is unknown, which is said."""
