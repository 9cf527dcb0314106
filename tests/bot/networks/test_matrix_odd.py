"""What a stranger sends, however odd, stops nobody from being heard."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nio.crypto.olm_machine
import peewee  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks.matrix_intake import Intake
from bot.networks.matrix_odd import DEEPEST, loads, own_trouble
from bot.networks.matrix_yield import Yield
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
DEEP = "[" * 15_000 + "]" * 15_000


@pytest.fixture
async def bench(synapse: SynapseServer, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"odd{next(_numbers)}", tmp_path / "matrix") as bench:
        yield bench


@pytest.fixture
async def eve(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"stranger{next(_numbers)}") as person:
        yield person


@contextmanager
def spelling(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str]) -> Iterator[None]:
    """Meanwhile what is encrypted is first changed as text, as no library would write it."""
    real = nio.crypto.olm_machine.Api.to_json
    with monkeypatch.context() as patch:
        patch.setattr(nio.crypto.olm_machine.Api, "to_json", staticmethod(lambda value: change(real(value))))
        yield


async def a_room(bench: Bench, person: MatrixPerson) -> str:
    room = await person.create_room("Crue", encrypted=True, invite=(bench.user,))
    await bench.enter(room)
    await person.wait_member(room, bench.user)
    return room


async def test_an_encrypted_message_nested_deep_spoils_nothing_else(
    bench: Bench, eve: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside the encryption no server sees how deep the JSON goes; what is said after it is heard, also in a restart."""
    room = await a_room(bench, eve)
    await eve.say(room, "avant")
    await bench.hear_text(room, "avant")
    assert eve._task is not None
    eve._task.cancel()  # her own client would fall over it
    with spelling(monkeypatch, lambda text: text.replace('"DEEP"', DEEP)):
        await eve.say(room, "trop profond", extra="DEEP")
    await eve.say(room, "après")
    await bench.hear_text(room, "après")
    await bench.restart()
    await eve.say(room, "encore")
    await bench.hear_text(room, "encore")
    assert not bench.ears.losses and not bench.ears.kept


async def test_a_message_between_devices_nested_deep_spoils_nothing_else(
    bench: Bench, eve: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It needs no room in common with us; words in the clear, and the next key, arrive all the same."""
    room = await a_room(bench, eve)
    with spelling(monkeypatch, lambda text: text.replace('"m.room_key"', f'"m.room_key","x":{DEEP}', 1)):
        await eve.say(room, "sans clé")
    eve.client.olm.outbound_group_sessions.clear()
    await eve.say(room, "avec une nouvelle clé")
    await bench.hear_text(room, "avec une nouvelle clé")
    assert not bench.ears.losses and not bench.ears.kept


async def test_a_batch_that_fails_twice_is_set_aside(
    bench: Bench, eve: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next ones are heard; it is kept and named as long as it is, without what was said in it."""
    room = await a_room(bench, eve)
    real = Intake.take

    def stumble(self: Intake, batch: str) -> Yield:
        if room in (json.loads(batch)["sync"].get("rooms") or {}).get("join", {}):
            raise ZeroDivisionError(batch)
        return real(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Intake, "take", stumble)
        await eve.say(room, "le secret")
        assert isinstance(await bench.died(), ZeroDivisionError)
        assert len(bench.ears.kept) == 1
        with pytest.raises(ZeroDivisionError):
            await bench.restart()
        assert not bench.ears.kept
    await bench.restart()
    await eve.say(room, "ensuite")
    await bench.hear_text(room, "ensuite")
    told = bench.matrix.state.last_error or ""
    assert "ZeroDivisionError" in told and "le secret" not in told and bench.matrix.state.connected
    with sqlite3.connect(bench.folder / "memory.db") as database:
        [(body, times)] = database.execute("SELECT body, times FROM spoiled").fetchall()
    assert room in body and times == 2


async def test_trouble_of_our_own_sets_nothing_aside(
    bench: Bench, eve: MatrixPerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the key store cannot be written the batch stays where it is, however often it is tried."""
    room = await a_room(bench, eve)

    def full(*_: Any) -> None:
        raise peewee.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("nio.store.SqliteStore.save_inbound_group_session", full)
        await eve.say(room, "disque plein")
        assert isinstance(await bench.died(), peewee.OperationalError)
        for _ in range(3):
            with pytest.raises(peewee.OperationalError):
                await bench.restart()
        assert len(bench.ears.kept) == 1
    await bench.restart()
    await bench.hear_text(room, "disque plein")
    assert bench.matrix.state.last_error is None


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (OSError(28, "no space left"), True),
        (MemoryError(), True),
        (sqlite3.OperationalError("disk I/O error"), True),
        (sqlite3.DatabaseError("database disk image is malformed"), True),
        (peewee.OperationalError("database is locked"), True),
        (peewee.IntegrityError("NOT NULL"), False),
        (sqlite3.InterfaceError("type not supported"), False),
        (OverflowError("int too large"), False),
        (RecursionError(), False),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate"), False),
    ],
)
def test_trouble_of_our_own_is_told_from_odd_input(error: Exception, ours: bool) -> None:
    """What a value from outside makes the store say is not the store's trouble."""
    assert own_trouble(error) is ours


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_json, st.booleans())
def test_json_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    """Whatever is in it, brackets and quotes in strings included, beside something deep or not."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert loads(text) == value
    assert loads(f'[{text},"[{{",{DEEP},{text}]')[::3] == [value, value]


@pytest.mark.parametrize("text", ["[" * 100_000, "]" * 3000, "[" * 3000 + "}" * 3000 + "[" * 3000, '"' + "[" * 3000])
def test_json_that_is_none_is_refused(text: str) -> None:
    """With the one error that is expected, and not by running out of stack."""
    with pytest.raises(ValueError):
        loads(text)


def test_only_what_is_too_deep_is_left_out() -> None:
    """The level that is still read is whole."""
    just = "[" * DEEPEST + "1" + "]" * DEEPEST
    assert loads(just) == json.loads(just)
    found = loads(f'{{"a": {just}, "b": 2}}')
    assert found["b"] == 2 and "null" in json.dumps(found["a"])
