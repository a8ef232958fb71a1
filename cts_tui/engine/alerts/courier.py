"""Hands notices to their targets: a process per delivery, with an end to its patience."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cts_tui.model.alerts import AlertTarget, Delivery
from cts_tui.model.health import Gravity
from cts_tui.redaction import MASK, keep_secret, redacted

_PATIENCE_S: Final = 30.0
"""What has not been handed over by then has failed."""
_LONGEST_REASON: Final = 200
_MESSENGER: Final = Path(__file__).with_name("messenger.py")


@dataclass(frozen=True, slots=True, repr=False)
class Parcel:
    """A notice on its way to one target; without a body the address is only checked."""

    target: AlertTarget
    title: str = ""
    body: str = ""
    severity: Gravity = Gravity.WARNING

    def __repr__(self) -> str:
        return f"Parcel({self.target!r}, {self.title!r})"


async def deliver(parcels: Sequence[Parcel], patience_s: float = _PATIENCE_S) -> list[Delivery]:
    """Hand parcels over, all at once; return what became of each, in their order.

    Never raises for what a service does; when cancelled, it takes the process along.
    """
    if not parcels:
        return []
    keep_secret([secret for parcel in parcels for secret in parcel.target.secrets])
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(_MESSENGER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={key: text for key, text in os.environ.items() if not key.startswith("CTS_")},
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        reason = f"no process can be started to send notices: {error.strerror}"
        return [Delivery(parcel.target.name, reason) for parcel in parcels]
    said: dict[str, str] = {}
    try:
        silence = await _listen(process, _as_json(parcels), said, patience_s)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return [
        Delivery(
            parcel.target.name, _harmless(parcel.target, said.get(parcel.target.name, silence))
        )
        for parcel in parcels
    ]


async def _listen(
    process: asyncio.subprocess.Process, asked: bytes, said: dict[str, str], patience_s: float
) -> str:
    """Put into `said` the error of each target that is heard of, empty where it took the notice.

    Returns why the others were not.
    """
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        async with asyncio.timeout(patience_s):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(asked)
                await process.stdin.drain()
                process.stdin.close()
            async for line in process.stdout:
                told = json.loads(line)
                said[told["target"]] = told["error"]
            code = await process.wait()
    except TimeoutError:
        return f"no answer within {patience_s:g} s"
    return f"the process that sends notices ended with code {code}"


def _as_json(parcels: Sequence[Parcel]) -> bytes:
    return json.dumps(
        [
            {
                "target": parcel.target.name,
                "url": parcel.target.url,
                "title": parcel.title,
                "body": parcel.body,
                "severity": parcel.severity,
            }
            for parcel in parcels
        ]
    ).encode()


def _harmless(target: AlertTarget, error: str) -> str:
    """Return a reason without any part of the address that could be a token."""
    text = redacted(" ".join(error.split()))
    for part in target.parts:
        text = text.replace(part, MASK)
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
