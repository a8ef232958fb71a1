"""A line of the log: one JSON object with time, level, place, message and the exception in it."""

import asyncio
import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from cts_tui import redaction
from cts_tui.engine.processor import CycleReport, Processor
from cts_tui.logs.context import enter_connection, enter_processor
from cts_tui.logs.line import JsonFormatter, parse_line
from cts_tui.model.log import LogLevel, LogLine, Whereabouts
from cts_tui.redaction import keep_secret

KEY = (1, 2)


def record(message: str = "lost %s", *arguments: object, error: Any = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord("cts_tui.x", logging.WARNING, "x.py", 1, message, arguments, info)
    made.created = datetime(2025, 4, 3, 17, 5, tzinfo=UTC).timestamp()
    return made


def fields(made: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonFormatter().format(made))
    return found


def raised(error: Exception) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


def test_a_record_is_one_object_with_the_time_in_utc() -> None:
    said = fields(record("lost %s", "it"))
    assert said.pop("pid") > 0
    assert said == {
        "time": "2025-04-03T17:05:00.000Z", "level": "WARNING", "logger": "cts_tui.x",
        "message": "lost it",
    }  # fmt: skip


def test_a_traceback_and_line_breaks_stay_within_the_line() -> None:
    line = JsonFormatter().format(record("two\nlines", error=raised(ValueError("a\nb"))))
    assert "\n" not in line
    assert json.loads(line)["exception"].startswith("Traceback (most recent call last):\n")
    assert json.loads(line)["exception"].endswith("ValueError: a\nb")


def test_a_very_long_text_is_cut_and_keeps_what_the_error_was() -> None:
    said = fields(record("x" * 100_000, error=raised(ValueError("y" * 100_000 + " the end"))))
    assert len(said["message"]) < 20_000
    assert len(said["exception"]) < 20_000
    assert said["exception"].endswith("the end")


@pytest.mark.parametrize("secret", ["a-secret-value", 'quo"ted\\secret', "sécrèt-välue"])
def test_no_secret_is_written_however_it_is_spelled(
    secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redaction, "_known", ())
    keep_secret([secret])
    line = JsonFormatter().format(
        record(f"key {secret} {secret!r}", error=raised(ValueError(secret)))
    )
    for spelled in (secret, json.dumps(secret)[1:-1], json.dumps(repr(secret))[2:-2]):
        assert spelled not in line
    assert json.loads(line)["message"].startswith("key ***")


def test_what_no_encoding_knows_is_written_all_the_same() -> None:
    line = JsonFormatter().format(record("half a pair \ud83d"))
    assert b"half a pair" in line.encode("utf-8", "replace")


class Cycling(Processor):
    """Logs what its formatter says in each cycle, and in a task and a thread of it."""

    name = "cycling"
    interval_s = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.said: list[dict[str, Any]] = []
        self.done = asyncio.Event()

    def _say(self) -> None:
        self.said.append(fields(record("here")))

    async def _say_later(self) -> None:
        self._say()

    async def cycle(self) -> CycleReport:
        self._say()
        await asyncio.create_task(self._say_later())
        await asyncio.to_thread(self._say)
        if self.figures.cycles:
            self.done.set()
        self.wake()
        return CycleReport(1)


async def test_lines_of_a_cycle_tell_connection_processor_and_its_number() -> None:
    async def engine(processor: Cycling) -> None:
        enter_connection("demo")
        processor.wake()
        await processor.run()

    one = Cycling()
    async with asyncio.timeout(10):
        task = asyncio.create_task(engine(one))
        await one.done.wait()
        task.cancel()
    places = [(s["connection"], s["processor"], s["cycle"]) for s in one.said[:6]]
    assert places == [("demo", "cycling", 1)] * 3 + [("demo", "cycling", 2)] * 3
    assert "connection" not in fields(record("outside"))


async def test_one_engine_does_not_write_under_the_name_of_another() -> None:
    async def engine(name: str) -> str:
        enter_connection(name)
        await asyncio.sleep(0)
        found: str = fields(record("here"))["connection"]
        return found

    assert await asyncio.gather(engine("a"), engine("b")) == ["a", "b"]


def test_a_line_reads_back_as_it_was() -> None:
    async def told() -> str:
        enter_connection("demo")
        enter_processor(Cycling())
        return JsonFormatter().format(record("lost", error=raised(ValueError("x"))))

    line = parse_line(asyncio.run(told()).encode() + b"\n", KEY)
    assert line.where == Whereabouts("demo", "cycling", 1)
    assert (line.time_ms, line.level, line.message) == (1_743_699_900_000, LogLevel.WARNING, "lost")
    assert line.exception.endswith("ValueError: x")


@pytest.mark.parametrize(
    "raw",
    [b"plain text of an older version", b'{"time": 7}', b'{"level": "INFO"', b"[1]", b"null",
     b'{"time": "today", "level": "INFO", "message": "x"}', b"\xff\xfe", b'{"message": "x"}'],
)  # fmt: skip
def test_a_line_of_another_form_is_a_message_by_itself(raw: bytes) -> None:
    text = raw.decode("utf-8", "replace")
    assert parse_line(raw, KEY) == LogLine(KEY, None, LogLevel.INFO, "", text)
