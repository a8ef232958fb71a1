"""Connections, drafts, tests and keys with the shape of the desk's, over frozen rows."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cts_tui.desk.draft_desk import DraftDesk
from cts_tui.errors import ConfigError, LockedError
from cts_tui.model.capabilities import Capabilities
from cts_tui.model.connection import ConnectionDraft
from cts_tui.model.connection_test import ConnectionTest, StepResult
from cts_tui.model.connection_view import ConnectionDetail, DraftFault, ExchangeChoice
from cts_tui.model.credentials import Credentials
from cts_tui.model.gate import Gate
from cts_tui.model.trading import EngineStatus, MarketType
from cts_tui.model.vault import KeySource, StoredCredentials, VaultStatus
from cts_tui.model.views import ConnectionView

from .frozen_connections import CAPABLE, CONNECTIONS, OFF, STEPS, TEST, detail_of
from .frozen_live import GATES

EXCHANGES = ("binance", "bybit", "okx", "kraken", "alpaca", "binanceus", "bitbank", "bitbns")


class FakeConnections:
    def __init__(self, calls: list[Any]) -> None:
        self.rows = list(CONNECTIONS)
        self.gates = GATES
        self._calls = calls

    def list(self, *, with_recorded: bool = False) -> list[ConnectionView]:
        return list(self.rows)

    def details(self) -> tuple[ConnectionDetail, ...]:
        return tuple(detail_of(row) for row in self.rows)

    def detail(self, name: str) -> ConnectionDetail:
        return next(detail for detail in self.details() if detail.view.name == name)

    def enable(self, name: str) -> None:
        self._change("enable", name, enabled=True)

    def disable(self, name: str) -> None:
        self._change("disable", name, enabled=False, live=False)

    def live_gates(self, name: str, confirm: str = "") -> tuple[Gate, ...]:
        row = next(row for row in self.rows if row.name == name)
        closed = Gate.closed("enabled", "it is disabled", f"first: connections enable {name}")
        return self.gates if row.enabled else (closed, *self.gates[1:])

    def live_on(self, name: str, confirm: str) -> None:
        row = next(row for row in self.rows if row.name == name)
        if not row.enabled:
            raise ConfigError(f"{name} is disabled; enable it before live trading")
        if confirm != name:
            raise ConfigError(f"the typed name is {confirm!r}; type {name} to arm live trading")
        self._change("live_on", name, live=True)

    def live_off(self, name: str) -> None:
        self._change("live_off", name, live=False)

    def remove(self, name: str, force: bool = False) -> dict[str, int]:
        self._calls.append(("remove", name))
        self.rows = [row for row in self.rows if row.name != name]
        return {"connections": 1}

    def add(self, draft: ConnectionDraft, credentials: Credentials | None = None) -> None:
        fields = {name: getattr(draft, name) for name in ("name", "exchange", "mode", "market")}
        kept = StoredCredentials(credentials.given, 0) if credentials else None
        status = EngineStatus.STOPPED
        self.rows.append(
            replace(OFF, **fields, symbols=draft.symbols, status=status, credentials=kept)
        )

    def _change(self, call: str, name: str, **fields: Any) -> None:
        self._calls.append((call, name))
        self.rows = [replace(row, **fields) if row.name == name else row for row in self.rows]


class FakeCredentials:
    def __init__(self, connections: FakeConnections) -> None:
        self._connections = connections

    def stored(self, name: str) -> StoredCredentials | None:
        return self._connections.detail(name).view.credentials


class FakeSecrets:
    """A key that is there at once; `lock` takes it away until one is chosen."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.now = VaultStatus(KeySource.KEYRING, True, "", 0, False, "keyring", "")

    def lock(self, source: KeySource | None = None) -> None:
        fault = "" if source else "there is no key to encrypt credentials with"
        self.now = VaultStatus(source, False, fault, 0, False, "", "")

    def status(self) -> VaultStatus:
        return self.now

    def use(self, source: KeySource, passphrase: str = "") -> int:
        if source is KeySource.PASSPHRASE and len(passphrase) < 8:
            raise ConfigError("a passphrase has at least 8 characters: choose a longer one")
        self._calls.append(("use", source))
        self.now = replace(self.now, source=source, is_usable=True, fault="")
        return 0

    def unlock(self, passphrase: str) -> None:
        if passphrase != "correct horse":
            raise LockedError("this is not the passphrase: try again with the right one")
        self._calls.append(("unlock",))
        self.now = replace(self.now, is_usable=True)


class FakeDrafts:
    """Checks as the desk does, and stores in the frozen rows."""

    def __init__(
        self, connections: FakeConnections, secrets: FakeSecrets, calls: list[Any]
    ) -> None:
        self._connections = connections
        self._secrets = secrets
        self._calls = calls
        self._real = DraftDesk(None, connections)  # type: ignore[arg-type]
        self.saved: list[ConnectionDraft] = []

    def exchanges(self) -> list[ExchangeChoice]:
        return [
            ExchangeChoice(name, i < 4, ("bybit-paper",) if name == "bybit" else ())
            for i, name in enumerate(EXCHANGES)
        ]

    def new(self, exchange: str) -> ConnectionDraft:
        return self._real.new(exchange)

    def usual(self, exchange: str, market: MarketType) -> ConnectionDraft:
        return self._real.usual(exchange, market)

    def stored(self, name: str) -> ConnectionDraft:
        view = self._connections.detail(name).view
        return ConnectionDraft(
            name, view.exchange, view.mode, view.market, view.symbols, view.timeframe, None,
            view.symbols_filter,
        )  # fmt: skip

    def faults(self, draft: ConnectionDraft, *, is_new: bool) -> list[DraftFault]:
        return self._real.faults(draft, is_new=is_new)

    def save(self, draft: ConnectionDraft, credentials: Credentials, *, is_new: bool) -> str:
        if credentials.given and not self._secrets.now.is_usable:
            raise LockedError("there is no key to encrypt credentials with")
        self._calls.append(("save", draft.name, credentials.given))
        self.saved.append(draft)
        if is_new:
            self._connections.add(draft, credentials)
            return f"{draft.name} is added, disabled; e enables it"
        return f"{draft.name} is changed: mode"


class FakeTests:
    """Tells the frozen steps one by one; `before_step` may hold one back."""

    def __init__(self, calls: list[Any]) -> None:
        self._calls = calls
        self.before_step: Callable[[StepResult], None] = lambda step: None
        self.fail_with: Exception | None = None
        self.able = CAPABLE
        self.gate = threading.Event()
        """Opened: what an exchange can do is known at once."""
        self.gate.set()

    def capabilities(self, exchange: str, market: MarketType) -> Capabilities:
        assert self.gate.wait(10)
        return replace(self.able, exchange=exchange, market=market)

    def run(self, name: str, on_step: Callable[[StepResult], None]) -> ConnectionTest:
        self._calls.append(("test", name))
        return self._tell(on_step)

    def try_draft(
        self,
        draft: ConnectionDraft,
        credentials: Credentials,
        on_step: Callable[[StepResult], None],
    ) -> ConnectionTest:
        self._calls.append(("try", draft.name, credentials.given))
        return self._tell(on_step)

    def _tell(self, on_step: Callable[[StepResult], None]) -> ConnectionTest:
        if self.fail_with:
            raise self.fail_with
        for step in STEPS:
            self.before_step(step)
            on_step(step)
        return TEST
