"""Alerts for a face: what stands, what is known, and the targets that are told (S10)."""

import asyncio
import builtins
import re
import socket
from typing import Final

from cts_tui.desk.room import Room
from cts_tui.engine.alerts.courier import Parcel, deliver
from cts_tui.engine.alerts.wording import trial_notice
from cts_tui.errors import ConfigError
from cts_tui.model.alerts import Alert, AlertTarget, Delivery, TargetView, scheme_of, shown_address
from cts_tui.model.trading import EventKind
from cts_tui.redaction import keep_secret
from cts_tui.store import alert_targets, alerts
from cts_tui.store.vault import Vault

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_LONGEST: Final = 4_096
_FORM: Final = (
    "expected an address like ntfys://ntfy.sh/TOPIC, tgram://TOKEN/CHAT or "
    "mailtos://USER:PASSWORD@HOST"
)


class AlertDesk:
    """Alerts: list, acknowledge. Targets: list, add, remove, try."""

    def __init__(self, room: Room, vault: Vault) -> None:
        self._room = room
        self._vault = vault

    def list(self, limit: int | None = 200) -> list[Alert]:
        """Return alerts, those that are over too, the newest first."""
        with self._room.database.read() as transaction:
            return alerts.listed(transaction, limit=limit)

    def standing(self, limit: int | None = 200) -> builtins.list[Alert]:
        """Return the alerts that stand, the newest first."""
        with self._room.database.read() as transaction:
            return alerts.listed(transaction, is_standing=True, limit=limit)

    def ack(self, alert_id: int) -> Alert:
        """Say that an alert is known: it is not told again, and not counted in the header.

        Raises ConfigError where there is none of that id, or it is over or known already.
        """
        with self._room.database.write() as transaction:
            alert = alerts.find(transaction, alert_id)
            if alert is None:
                raise ConfigError(f"there is no alert {alert_id}; see: cts-tui alerts list")
            if not alert.is_standing:
                raise ConfigError(f"alert {alert_id} is over already: nothing is left to be known")
            if alert.acked_ms is not None:
                raise ConfigError(f"alert {alert_id} is acknowledged already")
            alerts.ack(transaction, alert_id, self._room.now())
            self._room.tell(
                transaction,
                EventKind.ALERT,
                f"{alert.rule} {alert.subject}",
                f"alert acknowledged: {alert.message}",
                before=alert.severity,
                after="acknowledged",
            )
        return alert

    def targets(self) -> builtins.list[TargetView]:
        """Return the targets, without their addresses, by name."""
        with self._room.database.read() as transaction:
            return alert_targets.views(transaction)

    def add_target(self, name: str, url: str) -> TargetView:
        """Store a target, its address sealed. It is not tried: `test` does that.

        Blocks for a second, while the address is checked. Raises ConfigError where name or address
        are none, LockedError without a key to encrypt with; neither repeats the address.
        """
        target = AlertTarget(name, url.strip())
        keep_secret(target.secrets)
        _check(target)
        (checked,) = asyncio.run(deliver([Parcel(target)]))
        if checked.error:
            raise ConfigError(f"{shown_address(target.url)} cannot be used: {checked.error}")
        opened = self._vault.opened_for_writing()
        with self._room.database.write() as transaction:
            alert_targets.add(transaction, target, opened, self._room.now())
            self._room.tell(
                transaction,
                EventKind.SETTING,
                f"alert target {name}",
                "alert target added",
                before=None,
                after=shown_address(target.url),
            )
        return next(view for view in self.targets() if view.name == name)

    def remove_target(self, name: str) -> None:
        """Forget a target. Raises ConfigError where there is none of that name."""
        with self._room.database.write() as transaction:
            known = {view.name: view for view in alert_targets.views(transaction)}
            if name not in known:
                raise ConfigError(_no_target(name, builtins.list(known)))
            alert_targets.remove(transaction, name)
            self._room.tell(
                transaction,
                EventKind.SETTING,
                f"alert target {name}",
                "alert target removed",
                before=known[name].address,
                after=None,
            )

    def test(self, name: str | None = None) -> builtins.list[Delivery]:
        """Send a trial notice to every target, or to one; return what came back of each.

        Blocks for seconds. Raises ConfigError where there is nobody to send to, LockedError where
        the addresses cannot be read.
        """
        targets = self._vault.alert_targets()
        names = [target.name for target in targets]
        if not targets:
            raise ConfigError(
                "there is no target to send to; add one: cts-tui alerts targets add NAME"
            )
        if name is not None and name not in names:
            raise ConfigError(_no_target(name, names))
        notice = trial_notice(socket.gethostname())
        deliveries = asyncio.run(
            deliver(
                [
                    Parcel(target, notice.title, notice.body)
                    for target in targets
                    if name in (None, target.name)
                ]
            )
        )
        with self._room.database.write() as transaction:
            alert_targets.note(transaction, deliveries, self._room.now())
        return deliveries


def _check(target: AlertTarget) -> None:
    """Refuse what cannot be a name or an address. Raises ConfigError, repeating no address."""
    if not _NAME.fullmatch(target.name):
        raise ConfigError(
            f"{target.name!r} is no name for a target: expected up to 32 of a-z, 0-9 and -"
        )
    if not target.url:
        raise ConfigError(f"no address was given; {_FORM}")
    if len(target.url) > _LONGEST or len(target.url.split()) != 1:
        raise ConfigError(f"what was given is more than one address, or too long; {_FORM}")
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme_of(target.url)):
        raise ConfigError(f"what was given is no address; {_FORM}")


def _no_target(name: str, known: builtins.list[str]) -> str:
    there = f"there are: {', '.join(known)}" if known else "there is none"
    return f"there is no target called {name!r}; {there}"
