from decimal import getcontext
from typing import Any

import pytest

from cts_tui.errors import ConfigError
from cts_tui.exchange.client_setup import build_client
from cts_tui.exchange.overlay import checked, has_proxy, merged, rebased
from cts_tui.model.trading import MarketType, Mode

LOCAL = "http://127.0.0.1:7"


class Silent:
    """A listener that hears nothing."""

    async def pay(self, cost: float) -> None: ...

    def sending(self, method: str) -> None: ...

    def answered(self, status: int, headers: Any, body: str) -> None: ...


def built(
    exchange: str,
    overlay: dict[str, Any],
    mode: Mode = Mode.PAPER,
    market: MarketType = MarketType.SPOT,
) -> Any:
    return build_client(
        exchange, mode=mode, market=market, overlay=checked(overlay), listener=Silent()
    )


def leaves(tree: Any) -> list[str]:
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    return [tree] if isinstance(tree, str) else []


def test_mappings_are_merged_at_every_depth() -> None:
    base = {"a": {"b": {"c": 1, "d": 2}}, "e": 3}
    assert merged(base, {"a": {"b": {"c": 4}}, "e": {"f": 5}}) == {
        "a": {"b": {"c": 4, "d": 2}},
        "e": {"f": 5},
    }
    assert base["a"] == {"b": {"c": 1, "d": 2}}


def test_one_address_over_many_moves_each_to_its_host() -> None:
    beneath = {"v1": "https://a.com/v1", "ws": {"public": "wss://b.com:1/ws?x=1", "n": None}}
    assert rebased(beneath, LOCAL) == {
        "v1": f"{LOCAL}/v1",
        "ws": {"public": "ws://127.0.0.1:7/ws?x=1", "n": None},
    }
    assert rebased(beneath, "https://c.com/api") == {
        "v1": "https://c.com/api/v1",
        "ws": {"public": "wss://c.com/api/ws?x=1", "n": None},
    }


@pytest.mark.parametrize("exchange", ["bybit", "okx", "kraken", "binance", "gate", "kucoin"])
@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.TESTNET, Mode.LIVE])
def test_one_address_in_the_overlay_leaves_no_other(exchange: str, mode: Mode) -> None:
    client = built(exchange, {"urls": {"api": LOCAL}}, mode)
    assert leaves(client.urls["api"])
    for address in leaves(client.urls["api"]):
        assert address.split("://")[1].startswith("127.0.0.1:7"), address


@pytest.mark.parametrize("exchange", ["bybit", "okx", "binance"])
def test_nested_addresses_win_over_the_sandbox(exchange: str) -> None:
    plain = built(exchange, {}, Mode.TESTNET).urls["api"]
    nested = rebased(plain, LOCAL)
    client = built(exchange, {"urls": {"api": nested}}, Mode.TESTNET)
    assert client.urls["api"] == nested
    assert client.isSandboxModeEnabled


def test_an_overlay_may_name_the_address_of_the_sandbox_alone() -> None:
    client = built("bybit", {"urls": {"test": LOCAL}}, Mode.TESTNET)
    assert all("127.0.0.1" in address for address in leaves(client.urls["api"]))
    live = built("bybit", {"urls": {"test": LOCAL}}, Mode.LIVE)
    assert not any("127.0.0.1" in address for address in leaves(live.urls["api"]))


def test_an_overlay_of_some_addresses_leaves_the_others() -> None:
    client = built(
        "bybit", {"urls": {"api": {"public": LOCAL, "ws": {"public": {"spot": "ws://a"}}}}}
    )
    assert client.urls["api"]["public"] == LOCAL
    assert client.urls["api"]["private"] == "https://api.{hostname}"
    assert client.urls["api"]["ws"]["public"]["spot"] == "ws://a"
    assert "hostname" in client.urls["api"]["ws"]["public"]["linear"]


def test_a_hostname_and_proxies_reach_the_client() -> None:
    overlay = {"hostname": "bytick.com", "httpsProxy": "http://p:1", "wssProxy": "http://p:2"}
    client = built("bybit", overlay | {"aiohttp_trust_env": True, "timeout": 5000})
    assert client.hostname == "bytick.com"
    assert client.httpsProxy == "http://p:1"
    assert client.wssProxy == "http://p:2"
    assert client.aiohttp_trust_env
    assert client.timeout == 5000
    assert has_proxy(overlay)
    assert not has_proxy({"httpsProxy": ""})


def test_a_testnet_that_is_only_a_header_is_switched_on() -> None:
    client = built("bitget", {}, Mode.TESTNET)
    assert client.isSandboxModeEnabled or client.options.get("sandboxMode")


def test_an_exchange_without_testnet_says_so_unless_an_address_is_given() -> None:
    with pytest.raises(ConfigError, match="kraken has no testnet"):
        built("kraken", {}, Mode.TESTNET)
    assert built("kraken", {"urls": {"api": LOCAL}}, Mode.TESTNET)


@pytest.mark.parametrize(
    ("overlay", "reason"),
    [
        ({"apiKey": "abc"}, "apiKey.*--credentials-stdin"),
        ({"secret": "abc", "password": "x"}, "password, secret"),
        ({"verbose": True}, "verbose.*prints keys"),
        ({"options": {"maxRetriesOnFailure": 3}}, "two orders"),
        ({"session": {}, "maxRetriesOnFailure": 1}, "maxRetriesOnFailure"),
    ],
)
def test_what_would_show_keys_or_double_orders_is_refused(
    overlay: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason):
        checked(overlay)


def test_the_pace_is_not_the_overlays_to_set() -> None:
    client = built("bybit", {"enableRateLimit": False, "rateLimit": 1, "verbose": False})
    assert client.enableRateLimit
    assert client.rateLimit == 20
    assert not client.verbose


@pytest.mark.parametrize(
    "overlay", [{"urls": "http://a"}, {"urls": [1]}, {"options": 5}, {"timeout": "long"}]
)
def test_an_overlay_that_does_not_fit_is_a_fault_of_the_configuration(
    overlay: dict[str, Any],
) -> None:
    with pytest.raises(ConfigError):
        built("bybit", overlay)


@pytest.mark.parametrize(
    ("exchange", "market", "types"),
    [
        ("binance", MarketType.SPOT, ["spot"]),
        ("binance", MarketType.SWAP, ["linear"]),
        ("okx", MarketType.SWAP, ["swap"]),
        ("kucoin", MarketType.SWAP, ["swap", "contract"]),
        ("kucoinfutures", MarketType.SPOT, ["swap", "future", "contract"]),
        ("htx", MarketType.SWAP, {"spot": False, "linear": True, "inverse": False}),
        ("mexc", MarketType.SPOT, {"spot": True, "swap": {"linear": False, "inverse": False}}),
    ],
)
def test_only_the_markets_of_the_type_are_asked_for(
    exchange: str, market: MarketType, types: Any
) -> None:
    client = built(exchange, {}, market=market)
    assert client.options["fetchMarkets"]["types"] == types
    assert client.options["defaultType"] == market


def test_markets_that_the_overlay_names_are_left_as_they_are() -> None:
    given = {"options": {"fetchMarkets": {"types": ["linear", "spot"]}}}
    assert built("binance", given).options["fetchMarkets"]["types"] == ["linear", "spot"]


def test_what_ccxt_keeps_in_memory_is_bounded() -> None:
    options = built("okx", {"options": {"tradesLimit": 7}}).options
    assert (options["OHLCVLimit"], options["tradesLimit"], options["ordersLimit"]) == (
        1000,
        7,
        1000,
    )


def test_what_ccxt_does_not_know_is_refused_before_an_order_goes_elsewhere() -> None:
    with pytest.raises(ConfigError, match="spot, swap, which ccxt does not know"):
        built("binance", {"spot": {"urls": {"api": LOCAL}}, "swap": {}})
    assert built("binance", {"note": "mine", "urls": {"api": LOCAL}})


def test_s14_rounding_by_ccxt_leaves_our_decimal_context_as_it_is() -> None:
    client = built("binance", {})
    before = (getcontext().rounding, dict(getcontext().traps))
    market = {"symbol": "A/B", "precision": {"amount": 0.01, "price": 0.01}, "limits": {}}
    client.markets = {"A/B": market}
    assert client.price_to_precision("A/B", 0.125) == "0.13", "half-up, as exchanges do"
    assert client.amount_to_precision("A/B", 0.129) == "0.12"
    assert (getcontext().rounding, dict(getcontext().traps)) == before
