"""Who persons are, told under what the log answers at a terminal; and where to look when nothing is on file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot import filed
from bot.settings import Settings
from bot.who_is import enrolled, named
from storage.database import open_store
from storage.facts import DEPLOYMENT, PersonEnrolled
from tests.bot.running import within
from tests.storage.small import NOW


async def test_persons_are_named_by_what_is_on_file(tmp_path: Path) -> None:
    """Only those who are named in the answer, with role and partner, and nothing a terminal would obey; ``P-1`` is not ``P-12``."""
    store = await open_store(tmp_path, "liege")
    await store.append(
        DEPLOYMENT,
        PersonEnrolled("P-1", "Ada \x1b[2JLovelace", "fire", "liaison", "telegram:501", "V-1"),
        PersonEnrolled("P-12", "Bo", None, "auditor", "telegram:502", "V-2"),
        now=NOW,
    )
    known = await enrolled(store)
    await store.close()
    assert named(["confirmed by P-12 and P-9"], known) == ["", "  P-12 is Bo, auditor"]
    assert named(["P-12, P-1, P-1"], known) == [
        "",
        "  P-1 is Ada [2JLovelace, liaison of fire",
        "  P-12 is Bo, auditor",
    ]
    assert named(["nobody at all"], known) == named(["P-9"], known) == []


def test_a_rehearsal_says_that_its_persons_have_no_names() -> None:
    """Nobody is enrolled in a rehearsal, and so nothing could be looked up."""
    assert "no names on file" in " ".join(named(["P-1 issued it"], None))


def test_what_is_of_rehearsals_is_said_to_be_left_out(tmp_path: Path) -> None:
    """Where there are rehearsals, ``retention`` says that it passes over them, and ``erase`` that nobody is enrolled in one."""
    settings = Settings(data=tmp_path / "data")
    assert "left out" not in within(tmp_path, "retention", "--dry-run").out

    async def rehearse() -> None:
        async with filed.real(settings), filed.rehearsed(settings):
            pass

    asyncio.run(rehearse())
    assert "are left out." in within(tmp_path, "retention", "--dry-run").out
    refused = within(tmp_path, "erase", "P-3", "--reason", "r", "--basis", "b", "--dry-run")
    assert refused.code == 2 and "no person P-3 is on file" in refused.err and "rehearsal" in refused.err


def test_where_nothing_is_on_file_it_is_said_where_to_look(tmp_path: Path) -> None:
    """The data folder is sought from where a command is started."""
    for command in (("incidents",), ("log", "I-1", "--reason", "r")):
        ran = within(tmp_path, *command)
        assert "start this where you started the bot or ran `make run`" in ran.out + ran.err
    assert not list(tmp_path.glob("data/*"))
