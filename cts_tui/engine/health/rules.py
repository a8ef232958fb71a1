"""The rules by which health is judged: in order of gravity, the critical ones first.

The report, its history and the alerts all rest on these; the guide lists them.
"""

from typing import Final

from cts_tui.engine.health import engine_rules, money_rules, store_rules
from cts_tui.engine.health.findings import Rule
from cts_tui.engine.health.readings import Readings
from cts_tui.model.health import Fault, Gravity

RULES: Final = (
    Rule("schema-unexpected", Gravity.CRITICAL, store_rules.schema_unexpected),
    Rule("integrity-critical", Gravity.CRITICAL, store_rules.integrity_critical),
    Rule("writer-failing", Gravity.CRITICAL, store_rules.writer_failing),
    Rule("disk-full", Gravity.CRITICAL, store_rules.disk_full),
    Rule("no-engine", Gravity.CRITICAL, engine_rules.no_engine),
    Rule("engine-failed", Gravity.CRITICAL, engine_rules.engine_failed),
    Rule("engine-silent", Gravity.CRITICAL, engine_rules.engine_silent),
    Rule("position-unprotected", Gravity.CRITICAL, money_rules.position_unprotected),
    Rule("order-unknown", Gravity.WARNING, money_rules.order_unknown),
    Rule("account-unreachable", Gravity.WARNING, money_rules.account_unreachable),
    Rule("position-unwatched", Gravity.WARNING, money_rules.position_unwatched),
    Rule("loss-limit-hit", Gravity.WARNING, money_rules.loss_limit_hit),
    Rule("loss-limit-near", Gravity.WARNING, money_rules.loss_limit_near),
    Rule("engine-restarting", Gravity.WARNING, engine_rules.engine_restarting),
    Rule("engine-degraded", Gravity.WARNING, engine_rules.engine_degraded),
    Rule("feed-synthetic", Gravity.WARNING, engine_rules.feed_synthetic),
    Rule("feed-stale", Gravity.WARNING, engine_rules.feed_stale),
    Rule("exchange-paused", Gravity.WARNING, engine_rules.exchange_paused),
    Rule("clock-off", Gravity.WARNING, engine_rules.clock_off),
    Rule("processor-error-rate", Gravity.WARNING, engine_rules.processor_error_rate),
    Rule("processor-error", Gravity.WARNING, engine_rules.processor_error),
    Rule("loop-late", Gravity.WARNING, engine_rules.loop_late),
    Rule("integrity-warning", Gravity.WARNING, store_rules.integrity_warning),
    Rule("writer-lost", Gravity.WARNING, store_rules.writer_lost),
    Rule("writer-thinned", Gravity.WARNING, store_rules.writer_thinned),
    Rule("log-failing", Gravity.WARNING, store_rules.log_failing),
    Rule("backup-failed", Gravity.WARNING, store_rules.backup_failed),
    Rule("backup-overdue", Gravity.WARNING, store_rules.backup_overdue),
    Rule("alert-target-failing", Gravity.WARNING, store_rules.target_failing),
    Rule("disk-low", Gravity.WARNING, store_rules.disk_low),
    Rule("log-large", Gravity.WARNING, store_rules.log_large),
)


def judge(readings: Readings) -> tuple[Fault, ...]:
    """Return what is wrong, the gravest first; of one gravity in the order of the rules."""
    found = [
        Fault(rule.name, subject, rule.gravity, message)
        for rule in RULES
        for subject, message in rule.find(readings)
    ]
    found += readings.told_faults
    return tuple(sorted(found, key=lambda fault: fault.gravity is not Gravity.CRITICAL))
