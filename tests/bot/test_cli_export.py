"""``tocsin export``: a copy for somebody, in a form, with a reason; every mistake is one line that says what to do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path

import pytest

from bot.cli_export import Bar
from storage import erasing
from storage.database import open_store
from storage.export import container
from storage.facts import IncidentClosed, NoteAdded
from tests.bot.running import FLOOD, tocsin, within
from tests.storage.small import NOW, STREAM, opened

REASON = ("--reason", "inquiry")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the log of a rehearsal."""
    folder = tmp_path_factory.mktemp("played")
    assert tocsin(folder, "rehearse", str(FLOOD)).code == 0
    return folder


def test_a_copy_for_a_partner_is_less_and_verifies(played: Path) -> None:
    """It says how much is withheld, and that it is for nobody else."""
    made = tocsin(played, "export", "X-1", "--for", "red-cross", *REASON, "--basis", "Law 7", "-o", "red.zip")
    assert made.code == 0 and "are withheld" in made.out and "give it to nobody else" in made.err
    assert tocsin(played, "verify", "red.zip").code == 0
    whole = tocsin(played, "export", "X-1", *REASON, "-o", "whole.zip")
    assert whole.out.startswith("Exported the log of X-1 for an auditor, as a bundle, to whole.zip: ")
    assert "all there are" in whole.out and "discloses everything" in whole.err
    assert (played / "red.zip").stat().st_size < (played / "whole.zip").stat().st_size


def test_a_form_is_chosen_by_name(played: Path) -> None:
    """The first line of the copy says for whom it is and why; no bar is drawn where nobody looks."""
    made = tocsin(played, "export", "X-1", "--for", "RED-CROSS", *REASON, "--format", "jsonl", "-o", "red.jsonl")
    assert made.code == 0 and "%" not in made.err
    first = json.loads((played / "red.jsonl").read_text("utf-8").splitlines()[0])
    assert (first["for"], first["reason"], first["by"], first["basis"]) == ("red-cross", "inquiry", "operator", None)


@pytest.mark.parametrize(("more", "words"), [((), "WAT DIT IS"), (("--lang", "de"), "WAS DAS IST")])
def test_a_copy_speaks_the_readers_language(played: Path, more: tuple[str, ...], words: str) -> None:
    """That of the partner by the playbook, or the one that is asked for."""
    name = f"lang{len(more)}.zip"
    assert tocsin(played, "export", "X-1", "--for", "zuid-limburg", *REASON, "-o", name, *more).code == 0
    assert words in container.unpack((played / name).read_bytes())["README.txt"].decode()


@pytest.mark.parametrize(
    ("more", "opens"), [((), '<html lang="en">'), (("--lang", "de"), '<html lang="de" data-chosen="">')]
)
def test_a_page_opens_in_the_language_that_was_asked_for(played: Path, more: tuple[str, ...], opens: str) -> None:
    """It says so to the page's program, which else takes the browser's; and at the end that the page checks itself."""
    name = f"page{len(more)}.html"
    made = tocsin(played, "export", "X-1", *REASON, "--format", "html", "-o", name, *more)
    assert made.code == 0 and f"as HTML, to {name}: " in made.out and "This page checks itself in a browser" in made.out
    assert opens in (played / name).read_text("utf-8")[:200]


def test_what_was_erased_is_not_called_withheld(tmp_path: Path) -> None:
    """From an auditor nothing is withheld: what is gone was erased."""

    async def erased() -> None:
        store = await open_store(tmp_path / "data", "tocsin")
        try:
            await opened(store)
            await store.append(STREAM, IncidentClosed("P-2", None, None), now=NOW)
            words = {"by": "operator", "reason": "asked", "basis": "law"}
            [entry] = [one.seq for one in await store.facts(STREAM) if isinstance(one.fact, NoteAdded)][:1]
            await store.destroy(await erasing.of_field(store, STREAM, entry, "text", **words), NOW)
        finally:
            await store.close()

    asyncio.run(erased())
    made = within(tmp_path, "export", STREAM, *REASON, "-o", "x.zip")
    assert made.code == 0, made.err
    assert "; 1 was erased." in made.out and "withheld" not in made.out


def test_a_bar_is_gone_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is drawn on a line of its own, and the last thing that happens to it is that this line becomes empty."""
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with Bar(terminal.isatty()) as bar:
            for stage in ("finding", "counting"):
                for done in (500, 1000):
                    bar(stage, done, 1000)
    drawn = _all(leader).decode()
    os.close(leader)
    assert "What is theirs" in drawn and "What is withheld" in drawn
    assert drawn.count("\n") == drawn.count("\x1b[1A\r\x1b[2K") == 2
    assert drawn.endswith("\x1b[1A\r\x1b[2K")


def _all(leader: int) -> bytes:
    """What was written on a terminal that is closed; it comes in pieces, and at its end there is an error."""
    pieces = []
    with contextlib.suppress(OSError):
        while piece := os.read(leader, 100_000):
            pieces.append(piece)
    return b"".join(pieces)


def test_the_deployments_own_log_can_be_copied(played: Path) -> None:
    """For an auditor, and as far as a partner may see it."""
    for whom in ("auditor", "red-cross"):
        name = f"{whom}.csv"
        made = tocsin(played, "export", "deployment", "--for", whom, *REASON, "--format", "csv", "-o", name)
        assert made.code == 0, made.err
    assert "liege-fire" in (played / "auditor.csv").read_text("utf-8")
    assert "liege-fire" not in (played / "red-cross.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--for", "red-kross", *REASON, "-o", "x"), "did you mean red-cross?"),
        (("--lang", "pl", *REASON, "-o", "x"), "--lang pl: there are en, fr, nl, de, it, es"),
        (
            ("--lang", "fr", "--format", "ics214", *REASON, "-o", "x"),
            "--lang fr: a copy as ICS-214 is not translated; leave --lang out",
        ),
        (("--for", "nobody at all", *REASON, "-o", "x"), "there are: auditor, "),
        (("--format", "cvs", *REASON, "-o", "x"), "did you mean csv?"),
        (("--format", "docx", *REASON, "-o", "x"), "there are: bundle, jsonl, csv"),
        (("-o", "x"), "--reason is missing: say why"),
        (("--reason", "  ", "-o", "x"), "--reason is missing: say why"),
        ((*REASON, "-o", "."), "is a folder; name a file, like X-1.zip"),
        ((*REASON, "-o", "no/such/x"), "there is no folder"),
        ((*REASON, "-o", "there"), "there exists: name another file"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(played: Path, arguments: tuple[str, ...], words: str) -> None:
    """And neither makes a file nor is recorded."""
    (played / "there").write_text("mine")
    before = tocsin(played, "incidents").out
    ran = tocsin(played, "export", "X-1", *arguments)
    assert ran.code == 2 and words in ran.err and len(ran.err.strip().splitlines()) == 1
    assert not (played / "x").exists() and (played / "there").read_text() == "mine"
    assert tocsin(played, "incidents").out == before
