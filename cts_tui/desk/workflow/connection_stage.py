"""Connections: rows that hold together, strategies that compile, live only with what S2 asks."""

from typing import Final, NamedTuple

from cts_tui.desk.workflow.rows import sound_connection, sound_strategy, time_or_none
from cts_tui.desk.workflow.subject import Finding, SoundConnection, Subject, summed_up
from cts_tui.errors import ConfigError, CtsError, LockedError, RuleError
from cts_tui.model.connection import RECORDED_EXCHANGE
from cts_tui.model.market import timeframe_ms
from cts_tui.model.strategy import ANY_TIMEFRAME, StrategySpec
from cts_tui.model.trading import Mode
from cts_tui.rules.parser import parse_rule
from cts_tui.rules.spec import RULE_FIELDS
from cts_tui.rules.warmup import timeframe_faults
from cts_tui.store.raw_rows import RawRow, raw_rows

_SEE: Final = "see what can be mended: cts-tui repair --dry-run"


class _Rows(NamedTuple):
    connections: list[RawRow]
    strategies: list[RawRow]
    states: set[int]
    leases: set[int]
    credentials: dict[int, RawRow]


class _Report:
    """What was found so far."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.warnings: list[str] = []


def judge(subject: Subject) -> Finding:
    """Judge every row; the sound connections are left for the stages that follow."""
    rows, report = _read(subject), _Report()
    _judge_settings(report)
    for row in rows.connections:
        if subject.only in (None, row["name"]):
            _judge_connection(subject, row, rows, report)
    specs = _judge_strategies(rows.strategies, report)
    _judge_pairs(subject, specs, report)
    _judge_keys(subject, report)
    enabled = [one.setup.name for one in subject.connections if one.setup.enabled]
    if not enabled or not specs:
        what = "connection" if not enabled else "strategy"
        report.warnings.append(f"no {what} is enabled: nothing is traded; enable one")
    passed = (
        f"{len(subject.connections)} sound, {len(enabled)} enabled, for {len(specs)} strategies"
    )
    figures = {
        "connections": len(subject.connections),
        "enabled": enabled,
        "strategies": [spec.name for spec in specs],
    }
    return summed_up(report.failures, report.warnings, passed, figures=figures)


def _read(subject: Subject) -> _Rows:
    with subject.store.read() as transaction:
        tables = {
            name: raw_rows(transaction, name)
            for name in ("connections", "strategies", "engine_states", "leases", "credentials")
        }
    return _Rows(
        tables["connections"],
        tables["strategies"],
        {row["connection_id"] for row in tables["engine_states"]},
        {row["connection_id"] for row in tables["leases"]},
        {row["connection_id"]: row for row in tables["credentials"]},
    )


def _judge_settings(report: _Report) -> None:
    """No engine starts with settings that cannot be read."""
    from cts_tui.settings import load_settings  # slow to load, for this test alone

    try:
        load_settings()
    except ConfigError as error:
        report.failures.append(str(error))


def _judge_connection(subject: Subject, row: RawRow, rows: _Rows, report: _Report) -> None:
    name = str(row["name"])
    try:
        key = rows.credentials.get(row["id"])
        found = sound_connection(row, None if key is None else time_or_none(key, "updated_at"))
        _check_live(found)
    except (ConfigError, ValueError) as error:
        subject.broken.add(name)
        report.failures.append(
            f"the connection {name} cannot be so: {str(error).replace('; ', ', ')}; correct it "
            f"with: connections edit {name}, or {_SEE}"
        )
        return
    if found.setup.exchange == RECORDED_EXCHANGE:
        return
    subject.connections.append(found)
    for what, known in (("engine state", rows.states), ("lease", rows.leases)):
        if row["id"] not in known:
            subject.broken.add(name)
            report.failures.append(
                f"the connection {name} has no {what}; start anything: it is made"
            )


def _check_live(found: SoundConnection) -> None:
    """Check that live trading is on only with what arming it asked for (S2)."""
    setup, test = found.setup, found.last_test
    if not setup.live:
        return
    wrong = {
        "it is live though it is disabled": not setup.enabled,
        "it is live in paper mode": setup.mode is Mode.PAPER,
        "it is live without credentials": setup.credentials_ms is None,
        "it is live though it was never tested": test is None,
        "it is live with a key that may withdraw": test is not None
        and setup.mode is Mode.LIVE
        and bool(test.permissions.can_withdraw),
    }
    for what, is_so in wrong.items():
        if is_so:
            raise ConfigError(what)


def _judge_strategies(rows: list[RawRow], report: _Report) -> list[StrategySpec]:
    """Return the enabled strategies that are sound."""
    specs = []
    for row in rows:
        try:
            spec = sound_strategy(row)
        except (ConfigError, ValueError) as error:
            what = str(error).replace("; ", ", ")
            advice = f"correct it with: strategies edit {row['name']} FILE"
            report.failures.append(f"the strategy {row['name']} cannot run: {what}; {advice}")
            continue
        if row["enabled"]:
            specs.append(spec)
    return specs


def _judge_pairs(subject: Subject, specs: list[StrategySpec], report: _Report) -> None:
    """Say which enabled strategies cannot run on an enabled connection."""
    for one in subject.enabled:
        for spec in specs:
            if any(map(spec.trades_symbol, one.setup.symbols)) and (
                fault := _misfit(spec, one.setup.timeframe)
            ):
                report.warnings.append(
                    f"{spec.name} does not run on {one.setup.name}: {fault}; give either another "
                    "timeframe"
                )


def _misfit(spec: StrategySpec, base: str) -> str:
    """Return why a strategy cannot run on candles of `base`, as the pipeline would say it."""
    wanted = base if spec.timeframe == ANY_TIMEFRAME else spec.timeframe
    if timeframe_ms(wanted) % timeframe_ms(base):
        return f"its {wanted} candles cannot be made from candles of {base}"
    written = [parse_rule(text) for name in RULE_FIELDS if (text := getattr(spec, name))]
    faults: list[RuleError] = [
        fault for rule in written for fault in timeframe_faults(rule, wanted)
    ]
    return str(faults[0]) if faults else ""


def _judge_keys(subject: Subject, report: _Report) -> None:
    """Read the credentials of the enabled connections that need any."""
    for one in subject.enabled:
        setup = one.setup
        if setup.mode is Mode.PAPER or subject.vault is None:
            continue
        if setup.credentials_ms is None:
            todo = f"connections edit {setup.name} --credentials-stdin"
            report.warnings.append(
                f"no key is stored for {setup.name}, which is {setup.mode}; {todo}"
            )
            continue
        _judge_key(subject, setup.id, setup.name, report)


def _judge_key(subject: Subject, connection_id: int, name: str, report: _Report) -> None:
    assert subject.vault is not None  # noqa: S101 - asked before
    try:
        if subject.vault.needs_passphrase:
            report.warnings.append(
                f"the credentials of {name} were not read: their passphrase was not given here; "
                "nothing, if the engine has it"
            )
            return
        subject.vault.credentials_of(connection_id)
    except (CtsError, ValueError) as error:
        told = error if isinstance(error, LockedError) else f"{type(error).__name__}: {error}"
        report.failures.append(f"the credentials of {name} cannot be read: {told}")
