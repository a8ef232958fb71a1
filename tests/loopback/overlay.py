"""The ccxt overlay: every address that ccxt knows of Binance, turned to the loopback exchange."""

from copy import deepcopy
from typing import Any

_REST = {
    "sapi": "/sapi/v1",
    "sapiV2": "/sapi/v2",
    "sapiV3": "/sapi/v3",
    "sapiV4": "/sapi/v4",
    "dapiPublic": "/dapi/v1",
    "dapiPrivate": "/dapi/v1",
    "dapiPrivateV2": "/dapi/v2",
    "dapiData": "/futures/data",
    "eapiPublic": "/eapi/v1",
    "eapiPrivate": "/eapi/v1",
    "fapiPublic": "/fapi/v1",
    "fapiPublicV2": "/fapi/v2",
    "fapiPublicV3": "/fapi/v3",
    "fapiPrivate": "/fapi/v1",
    "fapiPrivateV2": "/fapi/v2",
    "fapiPrivateV3": "/fapi/v3",
    "fapiData": "/futures/data",
    "public": "/api/v3",
    "private": "/api/v3",
    "v1": "/api/v1",
    "papi": "/papi/v1",
    "papiV2": "/papi/v2",
}
# ccxt tells spot streams from others by `/stream` in the address.
_STREAMS = {
    "spot": "/stream/ws",
    "margin": "/stream/ws",
    "linear": "/fstream/ws",
    "inverse": "/dstream/ws",
    "stock": "/equity/ws",
    "option": "/estream/public/ws",
    "optionMarket": "/estream/market/ws",
    "optionPrivate": "/estream/private/ws",
    "papi": "/pm/ws",
}
_STREAM_CALLS = {
    "spot": "/ws-api/v3",
    "linear": "/ws-fapi/v1",
    "inverse": "/ws-dapi/v1",
}


def overlay(rest: str, streams: str, market: str) -> dict[str, Any]:
    """Return what to merge into the ccxt constructor for `spot` or `swap`.

    `rest` and `streams` are the roots, `http://127.0.0.1:1234` and `ws://127.0.0.1:1234`.
    """
    addresses: dict[str, Any] = {name: f"{rest}{path}" for name, path in _REST.items()}
    addresses["ws"] = {name: f"{streams}{path}" for name, path in _STREAMS.items()}
    addresses["ws"]["ws-api"] = {name: f"{streams}{path}" for name, path in _STREAM_CALLS.items()}
    return {
        "urls": {name: deepcopy(addresses) for name in ("api", "test", "demo")},
        "options": {
            "defaultType": market,
            "fetchMarkets": {"types": ["spot" if market == "spot" else "linear"]},
            "fetchMargins": False,
        },
    }
