"""What an exchange can do, read from ccxt without a call."""

import json
from dataclasses import replace

import pytest

from cts_tui.errors import ConfigError
from cts_tui.exchange.capabilities import capabilities_of
from cts_tui.exchange.catalog import exchange_ids
from cts_tui.model.capabilities import STREAMS, Capabilities
from cts_tui.model.trading import MarketType


def test_bybit_has_everything_a_desk_wants() -> None:
    found = capabilities_of("bybit", MarketType.SWAP)
    assert found == replace(
        found,
        exchange="bybit",
        market=MarketType.SWAP,
        has_market=True,
        spot=True,
        swap=True,
        sandbox=True,
        streams=STREAMS,
        order_types=("market", "limit", "stop", "take profit", "trailing stop"),
        stop_orders=True,
        take_profit_orders=True,
        attached_stops=True,
        client_order_ids=True,
        amend=True,
        reduce_only=True,
        times_in_force=("GTC", "IOC", "FOK", "PO"),
        hedge_mode=True,
        leverage=True,
        credentials=("apiKey", "secret"),
        tells_permissions=True,
    )


def test_timeframes_come_in_order_of_length() -> None:
    frames = capabilities_of("binance", MarketType.SPOT).timeframes
    assert frames == (
        "1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d",
        "1w", "1M",
    )  # fmt: skip


def test_a_spot_market_has_nothing_of_a_swap() -> None:
    found = capabilities_of("bybit", MarketType.SPOT)
    assert (found.reduce_only, found.hedge_mode, found.leverage) == (False, False, False)


@pytest.mark.parametrize(
    ("exchange", "market", "has"),
    [
        ("kraken", MarketType.SPOT, True),
        ("kraken", MarketType.SWAP, False),
        ("binanceusdm", MarketType.SPOT, False),
        ("binanceusdm", MarketType.SWAP, True),
    ],
)
def test_an_exchange_without_the_market_says_so(
    exchange: str, market: MarketType, has: bool
) -> None:
    assert capabilities_of(exchange, market).has_market is has


def test_a_passphrase_is_among_the_credentials_where_one_is_needed() -> None:
    assert capabilities_of("okx", MarketType.SPOT).credentials == ("apiKey", "secret", "password")
    assert "walletAddress" in capabilities_of("hyperliquid", MarketType.SWAP).credentials


def test_what_ccxt_emulates_does_not_count() -> None:
    assert not capabilities_of("gemini", MarketType.SPOT).amend


def test_an_exchange_that_streams_nothing_has_no_streams() -> None:
    assert capabilities_of("coinmate", MarketType.SPOT).streams == ()


def test_an_exchange_that_ccxt_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="binance"):
        capabilities_of("binanse", MarketType.SPOT)


@pytest.mark.parametrize("market", list(MarketType))
@pytest.mark.parametrize("exchange", sorted(exchange_ids()))
def test_every_exchange_of_ccxt_can_be_read_and_kept(exchange: str, market: MarketType) -> None:
    found = capabilities_of(exchange, market)
    kept = json.loads(json.dumps(found.to_json()))
    assert Capabilities.from_json(kept) == found
    assert found.spot or found.swap or not found.has_market
