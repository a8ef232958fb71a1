"""The steps of a connection test that need a key: it is accepted, what it may do, what there is."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cts_tui.errors import CtsError, RetryableError
from cts_tui.exchange.check_course import Finding, failed, passed, warned
from cts_tui.exchange.check_subject import Subject
from cts_tui.exchange.limiter import Priority
from cts_tui.exchange.permissions import Key, permissions_of, tells_permissions
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.connection_test import Permissions
from cts_tui.model.credentials import Credentials
from cts_tui.model.money import money_text
from cts_tui.model.trading import MarketType, Mode

_SPOKEN = {
    "apiKey": "API key",
    "secret": "secret",
    "password": "passphrase",
    "uid": "user id",
    "walletAddress": "wallet address",
    "privateKey": "private key",
}


class Account:
    """The account behind a key, as its steps come to know it."""

    def __init__(self, subject: Subject, credentials: Credentials) -> None:
        self._subject = subject
        self._credentials = credentials
        self._balances: Mapping[str, Any] = {}
        self.permissions = Permissions()

    async def check_key(self) -> Finding:
        """See that the exchange accepts the key."""
        setup = self._subject.setup
        todo = f"connections edit {setup.name} --credentials-stdin"
        if lacking := missing(self._subject.session.client.requiredCredentials, self._credentials):
            spoken = " and ".join(lacking)
            return failed(
                f"the {spoken} is missing: {setup.exchange} wants it", f"{todo}: {spoken}"
            )
        self._balances = await self._subject.session.call(
            "fetch_balance", priority=Priority.ACCOUNT
        )
        return passed("the exchange accepts the key")

    async def check_permissions(self) -> Finding:
        """See what the key may do: it must trade, and must not withdraw."""
        setup = self._subject.setup
        if not tells_permissions(setup.exchange):
            return _unknown(f"{setup.exchange} cannot be asked what a key may do")
        try:
            self.permissions = await asked_permissions(
                self._subject.session, self._credentials, setup.market
            )
        except RetryableError as error:
            return _unknown(f"the exchange did not say what the key may do: {error}")
        except CtsError as error:
            return _unknown(f"the exchange refuses to say what the key may do: {error}")
        return judged(self.permissions, setup.mode)

    async def check_balance(self) -> Finding:
        """See that there is something to trade with."""
        quotes = sorted({found.settle for found in self._subject.instruments}) or ["USDT"]
        free = self._balances.get("free") or {}
        held = {quote: _amount(free.get(quote)) for quote in quotes}
        text = ", ".join(f"{money_text(amount)} {quote}" for quote, amount in held.items())
        if not any(held.values()):
            return warned(
                f"nothing free to trade with: {text}",
                f"transfer {quotes[0]} to the account's {self._subject.setup.market} wallet",
            )
        return passed(f"free: {text}")


def missing(required: Mapping[str, bool], credentials: Credentials) -> list[str]:
    """Return what an exchange wants of a key and was not given, in words."""
    given = credentials.given
    return [
        _SPOKEN.get(name, name) for name, wants in required.items() if wants and name not in given
    ]


def judged(permissions: Permissions, mode: Mode) -> Finding:
    """Return what the rights of a key mean for trading in `mode` (S2)."""
    without = "make a key without the right to withdraw, and delete this one"
    if permissions.can_withdraw:
        message = "the key may withdraw"
        return failed(message, without) if mode is Mode.LIVE else warned(message, without)
    if permissions.can_trade is False:
        return failed(
            "the key may not trade on this kind of market",
            "give the key the right to trade it, or make a new one",
        )
    if permissions.can_withdraw is None or permissions.can_trade is None:
        return _unknown("the exchange did not say clearly what the key may do")
    return passed("the key may trade and may not withdraw")


def _unknown(message: str) -> Finding:
    return warned(
        f"{message}: unknown whether it may withdraw",
        "see at the exchange that the key has no right to withdraw",
    )


async def asked_permissions(
    session: ExchangeSession, credentials: Credentials, market: MarketType
) -> Permissions:
    """Ask what a key may do. Raises what `session.call` raises."""

    async def ask(endpoint: str, parameters: Mapping[str, str]) -> Any:
        return await session.call(endpoint, dict(parameters), priority=Priority.ACCOUNT)

    key = Key(credentials.api_key, market, _wallet(session.client, credentials.private_key))
    return await permissions_of(session.exchange, key, ask)


def _wallet(client: Any, private_key: str) -> str:
    """Return the address of a key's own wallet, '' where the key is none."""
    try:
        return str(client.eth_get_address_from_private_key(private_key)) if private_key else ""
    except ValueError:
        return ""


def _amount(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() and amount > 0 else Decimal(0)
