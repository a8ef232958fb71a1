"""The log with the shape of the desk's, over frozen lines; `write` adds one."""

from dataclasses import replace

from cts_tui.model.log import LogLevel, LogLine, Whereabouts

from .frozen_time import NOW_MS

TRACEBACK = """Traceback (most recent call last):
  File "cts_tui/engine/processor.py", line 128, in run_cycle
    report = await self.cycle()
  File "cts_tui/engine/strategy.py", line 171, in cycle
    self._run(runner, event)
ZeroDivisionError: float division by zero
"""
_ENGINE = "cts_tui.engine."
LINES = (
    LogLine((1, 0), NOW_MS - 90_061_000, LogLevel.INFO, _ENGINE + "manager",
            "engine of bybit-paper started", pid=4711),
    LogLine((1, 90), NOW_MS - 720_000, LogLevel.WARNING, _ENGINE + "feeding",
            "feed of kraken-main: no market data for 90 s",
            Whereabouts("kraken-main"), pid=4711),
    LogLine((1, 180), NOW_MS - 600_000, LogLevel.INFO, _ENGINE + "manager",
            "engine of kraken-main started", pid=4711),
    LogLine((1, 270), NOW_MS - 61_000, LogLevel.ERROR, _ENGINE + "processor",
            "a cycle of strategy failed",
            Whereabouts("bybit-paper", "strategy", 8_246), TRACEBACK, 4711),
    LogLine((1, 360), NOW_MS - 31_000, LogLevel.WARNING, _ENGINE + "market_link",
            "bybit: the stream of DOGE/USDT:USDT stalled and was opened anew, REST was asked "
            "meanwhile", Whereabouts("bybit-paper", "indication", 8_247), pid=4711),
    LogLine((1, 450), None, LogLevel.INFO, "", "a line of an older version"),
    LogLine((1, 540), NOW_MS - 2_000, LogLevel.CRITICAL, "cts_tui.tui.app", "unexpected error",
            pid=4712),
)  # fmt: skip


class FakeFollower:
    is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeLog:
    """`lines` are there already; what is written comes at the next reading."""

    def __init__(self) -> None:
        self.lines = list(LINES)
        self.tails: list[LogLevel] = []
        self.followers: list[FakeFollower] = []
        self._new: list[LogLine] = []
        self.fail_with: Exception | None = None

    def write(self, message: str, level: LogLevel = LogLevel.INFO) -> None:
        place = len(self.lines) * 90
        line = replace(LINES[0], key=(1, place), time_ms=NOW_MS, level=level, message=message)
        self.lines.append(line)
        self._new.append(line)

    def tail(self, limit: int, *, level: LogLevel = LogLevel.DEBUG) -> list[LogLine]:
        if self.fail_with:
            raise self.fail_with
        self.tails.append(level)
        self._new.clear()
        return [line for line in self.lines if line.level >= level][-limit:]

    def follow(self) -> FakeFollower:
        self.followers.append(FakeFollower())
        return self.followers[-1]

    def read_on(self, follower: FakeFollower) -> list[LogLine]:
        assert follower is self.followers[-1]
        new, self._new = self._new, []
        return new
