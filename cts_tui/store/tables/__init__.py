"""The tables. SQLModel classes are the schema; rows never leave the store attached to a session."""

from sqlmodel import SQLModel

from cts_tui.store.tables.account import BalanceRow, ExternalRow, RiskStateRow
from cts_tui.store.tables.connections import (
    ConnectionRow,
    CredentialRow,
    EngineProgramRow,
    EngineStateRow,
    LeaseRow,
)
from cts_tui.store.tables.desk import EventRow, QuarantineRow, SettingRow
from cts_tui.store.tables.health import AlertRow, AlertTargetRow, HealthSampleRow
from cts_tui.store.tables.market import CandleRow, IndicationRow, LatestPriceRow
from cts_tui.store.tables.trading import FillRow, OrderRow, PositionRow, SignalRow, StrategyRow

__all__ = [
    "ALERTS",
    "ALERT_TARGETS",
    "BALANCES",
    "CANDLES",
    "CONNECTIONS",
    "CREDENTIALS",
    "ENGINE_PROGRAMS",
    "ENGINE_STATES",
    "EVENTS",
    "EXTERNALS",
    "FILLS",
    "HEALTH_SAMPLES",
    "INDICATIONS",
    "LATEST_PRICES",
    "LEASES",
    "METADATA",
    "ORDERS",
    "POSITIONS",
    "QUARANTINE",
    "RISK_STATES",
    "SETTINGS",
    "SIGNALS",
    "STRATEGIES",
    "AlertRow",
    "AlertTargetRow",
    "BalanceRow",
    "CandleRow",
    "ConnectionRow",
    "CredentialRow",
    "EngineProgramRow",
    "EngineStateRow",
    "EventRow",
    "ExternalRow",
    "FillRow",
    "HealthSampleRow",
    "IndicationRow",
    "LatestPriceRow",
    "LeaseRow",
    "OrderRow",
    "PositionRow",
    "QuarantineRow",
    "RiskStateRow",
    "SettingRow",
    "SignalRow",
    "StrategyRow",
]

METADATA = SQLModel.metadata

CONNECTIONS = METADATA.tables["connections"]
ENGINE_STATES = METADATA.tables["engine_states"]
LEASES = METADATA.tables["leases"]
CREDENTIALS = METADATA.tables["credentials"]
ENGINE_PROGRAMS = METADATA.tables["engine_programs"]
CANDLES = METADATA.tables["candles"]
LATEST_PRICES = METADATA.tables["latest_prices"]
INDICATIONS = METADATA.tables["indications"]
STRATEGIES = METADATA.tables["strategies"]
SIGNALS = METADATA.tables["signals"]
ORDERS = METADATA.tables["orders"]
FILLS = METADATA.tables["fills"]
POSITIONS = METADATA.tables["positions"]
EVENTS = METADATA.tables["events"]
SETTINGS = METADATA.tables["settings"]
QUARANTINE = METADATA.tables["quarantine"]
EXTERNALS = METADATA.tables["externals"]
BALANCES = METADATA.tables["balances"]
RISK_STATES = METADATA.tables["risk_states"]
ALERTS = METADATA.tables["alerts"]
ALERT_TARGETS = METADATA.tables["alert_targets"]
HEALTH_SAMPLES = METADATA.tables["health_samples"]
