import json
from typing import Any

import pytest

from cts_tui.errors import ConfigError, RetryableError
from cts_tui.exchange.advice import Layer
from cts_tui.exchange.faults import UnreachableError
from cts_tui.model.trading import MarketType, Mode
from tests.exchange.bybit_server import BybitServer
from tests.exchange.conftest import Opening

TIME = "/v5/market/time"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exchange": "bybitt"}, "did you mean bybit"),
        ({"overlay": {"verbose": True}}, "verbose"),
        ({"exchange": "kraken", "mode": Mode.TESTNET, "overlay": None}, "no testnet"),
    ],
)
async def test_what_cannot_be_opened_says_why(opening: Opening, changes: Any, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        await opening(**changes)


async def test_a_market_type_that_the_exchange_has_not_is_a_fault_of_the_configuration(
    bybit: BybitServer, opening: Opening
) -> None:
    overlay = bybit.overlay | {"options": {"fetchMarkets": {"types": ["spot"]}}}
    with pytest.raises(ConfigError, match="no linear swap markets"):
        await opening(market=MarketType.SWAP, overlay=overlay)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "http://name.invalid"])
async def test_an_address_where_nobody_is_says_so(opening: Opening, address: str) -> None:
    with pytest.raises(UnreachableError) as nobody:
        await opening(overlay={"urls": {"api": address}})
    assert nobody.value.layer in (Layer.CONNECT, Layer.DNS)


async def test_a_connection_that_is_no_tls_says_so(bybit: BybitServer, opening: Opening) -> None:
    with pytest.raises(UnreachableError, match=r"clock.*CA") as broken:
        await opening(overlay={"urls": {"api": bybit.address.replace("http:", "https:")}})
    assert broken.value.layer is Layer.TLS


async def test_a_proxy_that_is_not_there_says_so(opening: Opening) -> None:
    overlay = {"httpsProxy": "http://user:pa55word@127.0.0.1:9"}
    with pytest.raises(UnreachableError, match="proxy") as broken:
        await opening(overlay=overlay)
    assert broken.value.layer is Layer.PROXY
    assert "pa55word" not in str(broken.value)


async def test_a_login_page_in_between_says_so(bybit: BybitServer, opening: Opening) -> None:
    bybit.always(TIME, "<html>Welcome to the hotel</html>")
    with pytest.raises(UnreachableError, match="proxy, firewall or login page") as page:
        await opening()
    assert page.value.layer is Layer.PAGE


async def test_maintenance_says_so(bybit: BybitServer, opening: Opening) -> None:
    bybit.always(TIME, json.dumps({"retCode": 1, "retMsg": "System under maintenance"}), 503)
    with pytest.raises(RetryableError, match=r"maintenance.*looking again in 30 s"):
        await opening()
