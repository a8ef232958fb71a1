"""What a key may do, as each exchange says it."""

from typing import Any

import pytest

from cts_tui.exchange.loader import load_exchange
from cts_tui.exchange.permissions import QUERIES, Key, permissions_of, tells_permissions
from cts_tui.model.connection_test import Permissions
from cts_tui.model.trading import MarketType

SPOT = Key("our-key", MarketType.SPOT)
SWAP = Key("our-key", MarketType.SWAP)
NOTHING = Permissions()
TRADES = Permissions(can_withdraw=False, can_trade=True)
WITHDRAWS = Permissions(can_withdraw=True, can_trade=False)
BOTH = Permissions(can_withdraw=True, can_trade=True)

ANSWERS: list[tuple[str, Key, Any, Permissions]] = [
    (
        "binance",
        SPOT,
        {"enableWithdrawals": False, "enableSpotAndMarginTrading": True, "enableFutures": False},
        TRADES,
    ),
    (
        "binanceusdm",
        SWAP,
        {"enableWithdrawals": True, "enableSpotAndMarginTrading": True, "enableFutures": False},
        WITHDRAWS,
    ),
    ("binance", SPOT, {"enableReading": True}, NOTHING),
    ("binance", SPOT, {"enableWithdrawals": 1, "enableSpotAndMarginTrading": None}, NOTHING),
    (
        "bybit",
        SPOT,
        {
            "result": {
                "readOnly": "0",
                "permissions": {"Spot": ["SpotTrade"], "Wallet": ["AccountTransfer"]},
            }
        },
        TRADES,
    ),
    (
        "bybit",
        SWAP,
        {"result": {"readOnly": 0, "permissions": {"ContractTrade": [], "Wallet": ["Withdraw"]}}},
        WITHDRAWS,
    ),
    (
        "bybit",
        SPOT,
        {"result": {"readOnly": 1, "permissions": {"Spot": ["SpotTrade"], "Wallet": ["Withdraw"]}}},
        Permissions(can_withdraw=False, can_trade=False),
    ),
    ("bybit", SPOT, {"result": {}}, NOTHING),
    ("okx", SPOT, {"data": [{"perm": "read_only,trade"}]}, TRADES),
    ("okx", SPOT, {"data": [{"perm": "read_only,withdraw,trade"}]}, BOTH),
    ("okx", SPOT, {"data": []}, NOTHING),
    (
        "kucoin",
        SPOT,
        {"data": {"permission": "General, Spot, Futures, InnerTransfer"}},
        TRADES,
    ),
    ("kucoin", SWAP, {"data": {"permission": "General,Spot,Withdrawal"}}, WITHDRAWS),
    ("kucoin", SPOT, {"data": {"permission": "General,Transfer"}}, WITHDRAWS),
    ("coinbase", SPOT, {"can_view": True, "can_trade": True, "can_transfer": False}, TRADES),
    ("kraken", SPOT, {"result": {"permissions": ["query-funds", "modify-trades"]}}, TRADES),
    ("kraken", SPOT, {"result": {"permissions": ["query-funds", "withdraw-funds"]}}, WITHDRAWS),
    ("bitfinex", SPOT, [["orders", 1, 1], ["withdraw", 0, 0]], TRADES),
    ("bitfinex", SPOT, [["orders", 1, 0], ["withdraw", 0, "1"]], WITHDRAWS),
    ("bitfinex", SPOT, [], NOTHING),
    ("bitget", SPOT, {"data": {"authorities": ["stow", "wtow"]}}, TRADES),
    ("bitget", SWAP, {"data": {"authorities": ["stow", "wwow"]}}, WITHDRAWS),
    ("bingx", SPOT, {"code": 0, "data": {"permissions": [1, 2]}}, TRADES),
    ("bingx", SWAP, {"permissions": ["1", "2", "5"]}, WITHDRAWS),
    ("bingx", SPOT, {"data": {"permissions": "all"}}, NOTHING),
    (
        "deribit",
        SWAP,
        {
            "result": [
                {"client_id": "other", "max_scope": "wallet:read_write"},
                {"client_id": "our-key", "max_scope": "trade:read_write wallet:none"},
            ]
        },
        TRADES,
    ),
    ("deribit", SWAP, {"result": [{"client_id": "other", "max_scope": "wallet:none"}]}, NOTHING),
    ("bitflyer", SPOT, ["/v1/me/getbalance", "/v1/me/sendchildorder"], TRADES),
    ("bitflyer", SPOT, ["/v1/me/withdraw"], WITHDRAWS),
    ("hyperliquid", SWAP, {"role": "agent", "data": {"user": "0x1"}}, TRADES),
    ("hyperliquid", SWAP, {"role": "user"}, BOTH),
    ("hyperliquid", SWAP, {"role": "missing"}, NOTHING),
]  # fmt: skip

NEW_WORDS: list[tuple[str, Any]] = [
    ("okx", {"data": [{"perm": "read_only,trade,payout"}]}),
    ("kucoin", {"data": {"permission": "General,Spot,SendOut"}}),
    ("kraken", {"result": {"permissions": ["modify-trades", "send-funds"]}}),
    ("bitfinex", [["orders", 1, 1], ["pay", 0, 1]]),
    ("bitget", {"data": {"authorities": ["stow", "wpow"]}}),
    ("bingx", {"permissions": [1, 2, 9]}),
    ("bitflyer", ["/v1/me/sendchildorder", "/v1/me/sendcoin"]),
    ("htx", {"data": [{"accessKey": "our-key", "permission": "readOnly,trade,payout"}]}),
    (
        "deribit",
        {"result": [{"client_id": "our-key", "max_scope": "trade:read_write custody:read_write"}]},
    ),
    (
        "bybit",
        {
            "result": {
                "readOnly": 0,
                "permissions": {"Spot": ["SpotTrade"], "Wallet": ["AccountTransfer", "Payout"]},
            }
        },
    ),
    (
        "bybit",
        {"result": {"readOnly": 0, "permissions": {"Spot": ["SpotTrade"], "Payouts": ["All"]}}},
    ),
]
"""Rights to trade beside a word that nobody knows."""


@pytest.mark.parametrize(("exchange", "answer"), NEW_WORDS)
async def test_a_word_that_is_not_known_may_be_the_right_to_withdraw(
    exchange: str, answer: Any
) -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        return answer

    expected = Permissions(can_withdraw=None, can_trade=True)
    assert await permissions_of(exchange, SPOT, ask) == expected


async def test_a_word_that_is_not_known_hides_no_right_that_is() -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        return {"data": [{"perm": "withdraw,news"}]}

    assert await permissions_of("okx", SPOT, ask) == Permissions(can_withdraw=True, can_trade=None)


async def test_where_bybit_does_not_say_whether_a_key_only_reads_nothing_is_known() -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        return {"result": {"permissions": {"Spot": ["SpotTrade"], "Wallet": []}}}

    assert await permissions_of("bybit", SPOT, ask) == NOTHING


@pytest.mark.parametrize(("exchange", "key", "answer", "rights"), ANSWERS)
async def test_an_answer_is_read(exchange: str, key: Key, answer: Any, rights: Permissions) -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        assert endpoint == QUERIES[exchange].endpoint
        return answer

    assert await permissions_of(exchange, key, ask) == rights


async def test_where_the_account_has_a_number_it_is_asked_for_first() -> None:
    asked = []

    async def ask(endpoint: str, parameters: Any) -> Any:
        asked.append((endpoint, parameters))
        rows = [{"accessKey": "our-key", "permission": "readOnly,trade,withdraw"}]
        return {"data": "123"} if endpoint == "spotPrivateGetV2UserUid" else {"data": rows}

    assert await permissions_of("htx", SPOT, ask) == Permissions(can_withdraw=True, can_trade=True)
    assert asked == [
        ("spotPrivateGetV2UserUid", {}),
        ("spotPrivateGetV2UserApiKey", {"uid": "123"}),
    ]


@pytest.mark.parametrize(
    "answer", [None, "", "denied", [], {}, [None], {"data": None}, {"result": 1}]
)
@pytest.mark.parametrize("exchange", QUERIES)
async def test_an_answer_that_is_not_understood_says_nothing(exchange: str, answer: Any) -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        return answer

    assert await permissions_of(exchange, SPOT, ask) == NOTHING


async def test_an_exchange_without_such_a_call_is_not_asked() -> None:
    async def ask(endpoint: str, parameters: Any) -> Any:
        raise AssertionError(endpoint)

    assert not tells_permissions("gemini")
    assert await permissions_of("gemini", SPOT, ask) == NOTHING


@pytest.mark.parametrize("exchange", QUERIES)
def test_every_endpoint_is_one_that_ccxt_has(exchange: str) -> None:
    client_class = load_exchange(exchange)
    query = QUERIES[exchange]
    for endpoint in filter(None, (query.endpoint, query.account_from)):
        assert callable(getattr(client_class, endpoint, None)), endpoint
