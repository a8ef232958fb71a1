"""Notices leave by a process of their own: taken, refused, unanswered, and no token said."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from cts_tui.engine.alerts import courier
from cts_tui.engine.alerts.courier import Parcel, deliver
from cts_tui.model.alerts import AlertTarget, Delivery
from cts_tui.model.health import Gravity

from .conftest import Service, Until


def parcel(target: AlertTarget) -> Parcel:
    return Parcel(target, "cts-tui desk: 1 critical", "CRITICAL disk-low", Gravity.CRITICAL)


async def test_a_notice_arrives_with_title_body_and_severity(service: Service) -> None:
    assert await deliver([parcel(service.target())]) == [Delivery("phone")]
    (got,) = service.got
    assert (got["title"], got["message"]) == ("cts-tui desk: 1 critical", "CRITICAL disk-low")
    assert got["type"] == "failure"
    assert service.paths == ["/Topic4711Secret"]


async def test_a_target_that_refuses_does_not_keep_another_from_being_told(
    service: Service,
) -> None:
    nobody = AlertTarget("nobody", "json://127.0.0.1:9/GoneTopic123")
    told = await deliver([parcel(nobody), parcel(service.target())])
    assert [delivery.target for delivery in told] == ["nobody", "phone"]
    assert not told[0].is_taken
    assert told[1].is_taken
    assert len(service.got) == 1


async def test_a_refusal_says_why_without_the_address(service: Service) -> None:
    service.status = 403
    (told,) = await deliver([parcel(service.target())])
    assert "403" in told.error
    assert "Topic4711Secret" not in told.error


async def test_what_is_no_address_is_told_as_such_without_repeating_it() -> None:
    (told,) = await deliver([Parcel(AlertTarget("odd", "carrier-pigeon://Coo-Token-123"))])
    assert "no address of a service that is known" in told.error
    assert "Coo-Token-123" not in told.error


async def test_an_address_is_checked_without_sending(service: Service) -> None:
    assert await deliver([Parcel(service.target())]) == [Delivery("phone")]
    assert service.got == []


async def test_a_service_that_hangs_is_given_up_and_leaves_no_process(service: Service) -> None:
    service.is_hanging = True
    (told,) = await deliver([parcel(service.target())], patience_s=0.2)
    assert told.error == "no answer within 0.2 s"
    assert psutil.Process().children() == []


async def test_who_is_cancelled_takes_the_process_along(service: Service, until: Until) -> None:
    service.is_hanging = True
    task = asyncio.create_task(deliver([parcel(service.target())]))
    await until(lambda: psutil.Process().children(), "a process")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert psutil.Process().children() == []


async def test_s10_no_address_and_no_variable_of_ours_is_seen_from_outside(
    service: Service, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CTS_MASTER_KEY", "Seen-From-Outside-1")
    service.is_hanging = True
    task = asyncio.create_task(deliver([parcel(service.target())]))
    await until(lambda: psutil.Process().children(), "a process")
    (child,) = psutil.Process().children()
    await until(lambda: Path(sys.executable).name in "".join(child.cmdline()), "its command")
    seen = f"{child.cmdline()} {child.environ()}"
    assert "Topic4711Secret" not in seen
    assert "Seen-From-Outside-1" not in seen
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_messenger_that_dies_is_told_as_a_failure(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "dies.py"
    script.write_text("import sys; sys.exit(3)")
    monkeypatch.setattr(courier, "_MESSENGER", script)
    (told,) = await deliver([parcel(service.target())])
    assert told.error == "the process that sends notices ended with code 3"


async def test_where_no_process_can_be_started_that_is_the_reason(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", os.devnull)
    (told,) = await deliver([parcel(service.target())])
    assert told.error.startswith("no process can be started to send notices: ")
