"""The markets that the loopback exchange lists, with Binance's filters."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

SPOT_TYPES = [
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
]
SWAP_TYPES = [
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
]


@dataclass(slots=True)
class Listing:
    """One symbol; its spot and its swap market share a price but not a state."""

    symbol: str
    base: str
    quote: str
    price: Decimal
    """Where its path begins."""
    tick: Decimal
    step: Decimal
    min_notional: Decimal = Decimal(5)
    max_quantity: Decimal = Decimal(9_000_000)
    max_market_quantity: Decimal = Decimal(100_000)
    markets: tuple[str, ...] = ("spot", "swap")
    status: dict[str, str] = field(default_factory=lambda: {"spot": "TRADING", "swap": "TRADING"})
    """Per market: TRADING, BREAK, HALT, SETTLING …; what is delisted leaves `markets`."""

    @property
    def places(self) -> int:
        """Decimal places of a price."""
        return -int(self.tick.normalize().as_tuple().exponent)

    @property
    def step_places(self) -> int:
        """Decimal places of a quantity."""
        return -int(self.step.normalize().as_tuple().exponent)

    def filters(self, market: str) -> list[dict[str, Any]]:
        """Return the filters as exchangeInfo has them."""
        step, tick = str(self.step), str(self.tick)
        common: list[dict[str, Any]] = [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": str(self.tick * 100_000_000),
                "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": step,
                "maxQty": str(self.max_quantity),
                "stepSize": step,
            },
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": step if market == "swap" else "0.00000000",
                "maxQty": str(self.max_market_quantity),
                "stepSize": step if market == "swap" else "0.00000000",
            },
        ]
        if market == "swap":
            return [*common, {"filterType": "MIN_NOTIONAL", "notional": str(self.min_notional)}]
        notional = {
            "filterType": "NOTIONAL",
            "minNotional": str(self.min_notional),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        }
        return [*common, notional, {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200}]

    def as_spot(self) -> dict[str, Any]:
        """Return the entry of `GET /api/v3/exchangeInfo`."""
        return {
            "symbol": self.symbol,
            "status": self.status["spot"],
            "baseAsset": self.base,
            "baseAssetPrecision": 8,
            "quoteAsset": self.quote,
            "quotePrecision": 8,
            "quoteAssetPrecision": 8,
            "orderTypes": SPOT_TYPES,
            "icebergAllowed": True,
            "ocoAllowed": True,
            "quoteOrderQtyMarketAllowed": True,
            "cancelReplaceAllowed": True,
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "filters": self.filters("spot"),
            "permissions": [],
            "permissionSets": [["SPOT"]],
        }

    def as_swap(self) -> dict[str, Any]:
        """Return the entry of `GET /fapi/v1/exchangeInfo`."""
        return {
            "symbol": self.symbol,
            "pair": self.symbol,
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": self.status["swap"],
            "maintMarginPercent": "2.5000",
            "requiredMarginPercent": "5.0000",
            "baseAsset": self.base,
            "quoteAsset": self.quote,
            "marginAsset": self.quote,
            "pricePrecision": self.places,
            "quantityPrecision": self.step_places,
            "baseAssetPrecision": 8,
            "quotePrecision": 8,
            "underlyingType": "COIN",
            "filters": self.filters("swap"),
            "orderTypes": SWAP_TYPES,
            "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        }


def listing(symbol: str, price: str, tick: str, step: str, *, quote: str = "USDT") -> Listing:
    """Return a market that is on spot and, when quoted in USDT, on swap too."""
    markets = ("spot", "swap") if quote == "USDT" else ("spot",)
    smallest = Decimal(5) if quote == "USDT" else Decimal("0.0001")
    return Listing(
        symbol=symbol,
        base=symbol.removesuffix(quote),
        quote=quote,
        price=Decimal(price),
        tick=Decimal(tick),
        step=Decimal(step),
        min_notional=smallest,
        markets=markets,
    )


def default_listings() -> dict[str, Listing]:
    """Return the markets of an exchange that was told nothing else."""
    return by_symbol(
        [
            listing("BTCUSDT", "50000.0", "0.1", "0.00001"),
            listing("ETHUSDT", "3000.00", "0.01", "0.0001"),
            listing("BNBUSDT", "600.00", "0.01", "0.001"),
            listing("SOLUSDT", "150.00", "0.01", "0.001"),
            listing("XRPUSDT", "0.5000", "0.0001", "0.1"),
            listing("DOGEUSDT", "0.15000", "0.00001", "1"),
            listing("ETHBTC", "0.06000", "0.00001", "0.0001", quote="BTC"),
        ]
    )


def by_symbol(listings: Iterable[Listing]) -> dict[str, Listing]:
    """Index listings by symbol."""
    return {entry.symbol: entry for entry in listings}
