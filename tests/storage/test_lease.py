"""Of several bots on one database one serves, until it ends or dies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from socket import gethostname
from types import SimpleNamespace
from unittest import mock

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from storage.database.records import Records
from storage.database.tables import LeaseRow
from storage.queue.heartbeat import name_host
from storage.queue.lease import Holder, Lease, LeaseLostError, read_holder
from storage.settings import Settings


@pytest.fixture
async def records(settings: Settings) -> AsyncIterator[Records]:
    found = Records.open(settings.database)
    yield found
    await found.close()


@pytest.fixture
def new_lease(records: Records, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Lease]:
    """Makes leases as if each were in a process of its own, which runs."""
    monkeypatch.setattr("storage.queue.lease.LOOK", 0.01)
    monkeypatch.setattr("storage.queue.lease.is_running", lambda _: True)
    pids = iter(range(1, 10))

    def make() -> Lease:
        lease = Lease(records, 1.5)
        lease._pid = next(pids)
        return lease

    return make


async def age(records: Records) -> None:
    """Lets the holder seem silent for a minute."""
    await records.write(
        lambda it: it.execute(update(LeaseRow).values(seen=LeaseRow.seen - 60.0)) and None
    )


async def test_the_second_waits_until_the_first_ends(new_lease: Callable[[], Lease]) -> None:
    first, second = new_lease(), new_lease()
    await first.take()
    waiting = asyncio.create_task(second.take())
    beating = asyncio.create_task(first.keep())
    await asyncio.sleep(1.7)
    assert not waiting.done()
    await first.release()
    await waiting
    with pytest.raises(LeaseLostError):
        await beating


async def test_one_that_is_silent_loses_it_and_is_told(
    records: Records, new_lease: Callable[[], Lease]
) -> None:
    first, second = new_lease(), new_lease()
    await first.take()
    await age(records)
    await second.take()
    with pytest.raises(LeaseLostError, match=rf"on {gethostname()} \(process {second._pid}\)"):
        await first.keep()
    await first.release()
    holder = await records.read(read_holder)
    assert holder
    assert holder.session == second._session


async def test_of_many_that_begin_at_once_one_has_it(
    records: Records, new_lease: Callable[[], Lease]
) -> None:
    leases = [new_lease() for _ in range(5)]
    waiting = [asyncio.create_task(lease.take()) for lease in leases]
    for _ in leases:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (taken,) = [each for each in waiting if each.done()]
        number = waiting.index(taken)
        holder = await records.read(read_holder)
        assert holder
        assert holder.session == leases[number]._session
        await leases[number].release()
        del waiting[number], leases[number]


async def test_a_process_of_this_host_that_is_gone_is_not_waited_for(records: Records) -> None:
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    dead, next_one = Lease(records, 300.0), Lease(records, 300.0)
    dead._pid = process.pid
    await dead.take()
    async with asyncio.timeout(20):
        await next_one.take()


async def test_who_lost_it_ends_as_such_though_nobody_can_say_to_whom(
    records: Records, new_lease: Callable[[], Lease]
) -> None:
    first, second = new_lease(), new_lease()
    await first.take()
    await age(records)
    await second.take()
    away = OperationalError("", {}, ValueError())
    with (
        mock.patch.object(Records, "read", side_effect=away),
        pytest.raises(LeaseLostError, match="Another bot serves now"),
    ):
        await first.keep()


def test_a_process_number_of_another_container_says_nothing(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = name_host()
    # Containers that share the host's name count their processes from 1 each.
    elsewhere = mock.Mock(stat=lambda: SimpleNamespace(st_ino=1))
    monkeypatch.setattr("storage.queue.heartbeat._NAMESPACE", elsewhere)
    assert name_host().startswith(gethostname())
    assert name_host() != here
    there = Lease(records, 300.0)
    assert not there._is_gone(Holder("s", here, there._pid, 0.0))
    assert there._is_gone(Holder("s", name_host(), there._pid, 0.0))
