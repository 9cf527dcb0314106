"""The time-stamping authority over HTTP: whatever it does, nothing waits for it, and only what it can show becomes an entry."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.clock import VirtualClock
from bot.doctor_log import log as examined
from bot.findings import Finding
from bot.settings import Settings, SettingsError, load
from bot.stamping import LONG, Authority, Stamper, Unstamped
from handlers.events import Event, NoStamps, TimeStamped
from storage.database import open_store
from storage.notes import Checkpoint, Signer
from storage.stamping import MOST_BYTES
from tests.emulators import stamping
from tests.storage.small import NOW

SIGNER = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes(32)))
REAL = stamping.authority(lambda: NOW)
ROOTS = (REAL.root.certificate,)


def note(size: int = 5, stream: str = "I-1") -> str:
    """A signed checkpoint."""
    return SIGNER.sign(Checkpoint(f"liege/{stream}", size, bytes(32)).text)


async def test_an_authority_gives_a_stamp() -> None:
    """What it answers is kept as it came, and checked against the root where one is given."""
    async with stamping.serving(REAL) as url:
        found = await Authority(url, ROOTS).stamp(note())
        assert (found.authority, found.at, found.note) == ("Test Stamps", NOW, note())
        assert (await Authority(url).stamp(note())).at == NOW
        other = stamping.authority(lambda: NOW)
        with pytest.raises(Unstamped, match="does not lead to a certificate that is trusted here"):
            await Authority(url, (other.root.certificate,)).stamp(note())


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda asked: None, r"does not answer within 0\.2 s"),
        (lambda asked: b"", "no time stamp"),
        (lambda asked: b"<html>", "no time stamp"),
        (lambda asked: bytes(10 << 20), "more than any time stamp has"),
        (lambda asked: bytes(MOST_BYTES + 1), "more than any time stamp has"),
        (lambda asked: stamping.Authority(REAL.root, REAL.holder, REAL.now, nonce=1).answer(asked), "another question"),
        (lambda asked: stamping.Authority(REAL.root, REAL.holder, REAL.now, status=2).answer(asked), "did not grant"),
    ],
)
async def test_whatever_else_it_answers_is_one_line(answer: Callable[[bytes], bytes | None], says: str) -> None:
    """Silence, garbage, ten million bytes, an answer to something else or a refusal: no stamp, and a sentence."""
    async with stamping.serving(REAL, answer) as url:
        patience = 0.2 if answer(question()) is None else 10.0
        with pytest.raises(Unstamped, match=says):
            await Authority(url, ROOTS, patience).stamp(note())


def question() -> bytes:
    """What any authority may be asked."""
    from storage.stamping import question as asked

    return asked(note()).body


async def test_where_nobody_answers_is_one_line() -> None:
    """A closed port, another page, and an address that leads on elsewhere."""
    async with stamping.serving(REAL) as url:
        with pytest.raises(Unstamped, match="answers 404"):
            await Authority(f"{url}elsewhere").stamp(note())
    with pytest.raises(Unstamped, match=url):
        await Authority(url).stamp(note())


class Told:
    """What the engine would be told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.came = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.came.set()


async def test_nothing_waits_for_it_and_the_newest_is_asked_for() -> None:
    """While it is silent, what comes is taken down at once; of each log only the newest is asked for next, and what failed is not asked for again."""
    silent = asyncio.Event()
    answers = iter([None])

    def first_nothing(asked: bytes) -> bytes | None:
        silent.set()
        return next(answers, REAL.answer(asked))

    told = Told()
    async with stamping.serving(REAL, first_nothing) as url:
        stamper = Stamper(Authority(url, ROOTS, 0.3), VirtualClock(NOW), told)
        running = asyncio.create_task(stamper.run())
        stamper.ask("I-1", note(5))
        await asyncio.wait_for(silent.wait(), 10)
        for size in (6, 7, 8):
            stamper.ask("I-1", note(size))
        await asyncio.wait_for(told.came.wait(), 10)
        running.cancel()
    [event] = told.events
    assert isinstance(event, TimeStamped)
    assert (event.stream, event.stamp.size, stamper.trouble) == ("I-1", 8, None)


async def test_that_it_fails_for_long_is_told_once() -> None:
    """Not at first; once after six hours of failing, and again only after it had worked."""
    told, clock = Told(), VirtualClock(NOW)
    works = False

    def answer(asked: bytes) -> bytes:
        return REAL.answer(asked) if works else b""

    async with stamping.serving(REAL, answer) as url:
        stamper = Stamper(Authority(url, ROOTS), clock, told)
        running = asyncio.create_task(stamper.run())

        async def hourly(hours: int) -> None:
            for _ in range(hours):
                stamper.ask("I-1", note())
                async with asyncio.timeout(10):
                    while stamper.busy:
                        await asyncio.sleep(0)
                clock.advance(timedelta(hours=1))

        await hourly(6)
        assert told.events == [] and stamper.trouble is not None
        await hourly(5)
        assert told.events == [NoStamps(LONG // timedelta(hours=1))]
        works = True
        await hourly(1)
        works = False
        await hourly(7)
        running.cancel()
    assert [type(one) for one in told.events] == [NoStamps, TimeStamped, NoStamps]


def test_the_settings_are_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL that is none, a file that is missing or no certificate, and a root without an authority are each one line."""
    (tmp_path / "root.pem").write_bytes(REAL.root.pem)
    (tmp_path / "no.pem").write_text("garbage")
    for given, says in (
        (
            {"TIMESTAMPS": "tsa.example.org"},
            "TOCSIN_TIMESTAMPS: 'tsa.example.org' is no address; write the authority's URL",
        ),
        ({"TIMESTAMPS": "http://[::1"}, "TOCSIN_TIMESTAMPS: "),
        ({"TIMESTAMPS_CA": "root.pem"}, "TOCSIN_TIMESTAMPS: missing, though TOCSIN_TIMESTAMPS_CA is set"),
        (
            {"TIMESTAMPS": "https://a.example", "TIMESTAMPS_CA": "gone.pem"},
            "TOCSIN_TIMESTAMPS_CA: gone.pem cannot be read",
        ),
        (
            {"TIMESTAMPS": "https://a.example", "TIMESTAMPS_CA": "no.pem"},
            "TOCSIN_TIMESTAMPS_CA: no.pem: there is no certi",
        ),
        ({"TIMESTAMPS": "ftp://a", "TIMESTAMPS_CA": "root.pem"}, "TOCSIN_TIMESTAMPS: 'ftp://a' is no address"),
    ):
        with monkeypatch.context() as patched:
            patched.chdir(tmp_path)
            for name, value in given.items():
                patched.setenv(f"TOCSIN_{name}", value)
            with pytest.raises(SettingsError) as wrong:
                load(tmp_path)
        [line] = wrong.value.lines
        assert line.startswith(says), line


async def found(folder: Path, settings: Settings) -> list[Finding]:
    """What the doctor says of time stamps."""
    store = await open_store(folder / "data", "liege")
    try:
        return [one async for one in examined(settings, store, VirtualClock(NOW), ()) if one.about == "time stamps"]
    finally:
        await store.close()


async def test_the_doctor_asks_for_one(tmp_path: Path) -> None:
    """Checked, unchecked, from a clock that is wrong, and not at all: each is told with what to do; where no authority is set, nothing is."""
    (tmp_path / "root.pem").write_bytes(REAL.root.pem)
    data = {"data": tmp_path / "data", "name": "liege"}
    assert await found(tmp_path, Settings(**data)) == []
    async with stamping.serving(REAL) as url:
        [good] = await found(tmp_path, Settings(**data, timestamps=url, timestamps_ca=tmp_path / "root.pem"))
        [loose] = await found(tmp_path, Settings(**data, timestamps=url))
    late = stamping.Authority(REAL.root, REAL.holder, stamping.later(NOW, 10))
    async with stamping.serving(late) as url:
        [wrong] = await found(tmp_path, Settings(**data, timestamps=url))
    [gone] = await found(tmp_path, Settings(**data, timestamps=url))
    assert [one.level for one in (good, loose, wrong, gone)] == ["ok", "warn", "warn", "warn"]
    assert "lead to" in good.says and "nobody checks" in loose.says and "set the clock right" in wrong.todo
    assert url in gone.says and "the log goes on" in gone.todo
