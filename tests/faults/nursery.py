"""Forks traders from a process that has loaded everything: a start takes a tenth of a second.

`python -m tests.faults.nursery` reads one task a line and writes `{"started": pid, "seed": …}`,
later `{"ended": pid, "code": …}`; a negative code is the signal that killed it.
"""

import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import sys
import traceback

from cts_tui.clock import SystemClock
from cts_tui.errors import CtsError
from cts_tui.exchange.session import ExchangeSession
from cts_tui.model.trading import MarketType, Mode
from tests.faults.haste import hasten
from tests.faults.trader import Task, run_task
from tests.loopback.overlay import overlay


def main() -> None:
    """Serve until stdin ends."""
    warm_up()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_given: None)
    signal.set_wakeup_fd(wake)
    say({"ready": os.getpid()})
    waiting = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            bury()
        if 0 in ready:
            read = os.read(0, 65536)
            if not read:
                return
            *lines, waiting = (waiting + read).split(b"\n")
            for line in lines:
                start(json.loads(line))


def warm_up() -> None:
    """Load and shorten what every trader needs; no thread and no socket stays behind."""
    hasten()
    asyncio.run(try_to_connect())
    gc.collect()
    gc.freeze()


async def try_to_connect() -> None:
    """Open a session with nobody, so that all that it needs is loaded."""
    nobody = overlay("http://127.0.0.1:9", "ws://127.0.0.1:9", "spot")
    with contextlib.suppress(CtsError):
        await ExchangeSession.open(
            exchange="binance",
            mode=Mode.LIVE,
            market=MarketType.SPOT,
            overlay=nobody,
            credentials=None,
            clock=SystemClock(),
        )


def start(task: dict[str, object]) -> None:
    """Fork a trader."""
    pid = os.fork()
    if pid:
        say({"started": pid, "seed": task["seed"]})
        return
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        code = run_task(Task(**task))  # type: ignore[arg-type]
    except BaseException:  # noqa: BLE001 - a fork must never go on as its parent
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def bury() -> None:
    """Tell of the traders that have ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        say({"ended": pid, "code": os.waitstatus_to_exitcode(status)})


def say(message: dict[str, object]) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
