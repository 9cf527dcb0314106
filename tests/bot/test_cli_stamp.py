"""``tocsin stamp``: a time stamp by way of files, as where the machine reaches no authority."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from storage.database import open_store
from storage.facts import CheckpointStamped
from storage.stamping import question, roots_in
from storage.verify import verify
from tests.bot.test_cli_witness import grow, tocsin
from tests.emulators import stamping
from tests.storage.bundled import export_bundle
from tests.storage.small import NOW

GOOD = stamping.authority(lambda: NOW)


def kept(folder: Path) -> list[tuple[int, str]]:
    """The stamps on file: entries, and by whom."""

    async def read() -> list[tuple[int, str]]:
        store = await open_store(folder / "data", "tocsin")
        found = [one.fact for one in await store.facts("I-1") if isinstance(one.fact, CheckpointStamped)]
        await export_bundle(store, "I-1", by="ada", reason="inquiry", path=folder / "b.zip", now=NOW, replace=True)
        await store.close()
        return [(one.size, one.authority) for one in found]

    return asyncio.run(read())


def test_a_stamp_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is written, its answer is kept once, also when the log went on meanwhile, and a copy of the log carries it."""
    grow(tmp_path, 4)
    asked = tocsin(tmp_path, "stamp", "i1", "-o", "ask.tsq")
    assert (asked.code, "--data-binary @ask.tsq" in asked.out) == (0, True), asked.err
    assert tocsin(tmp_path, "stamp", "i1", "-o", "ask.tsq").code == 2
    grow(tmp_path, 2)
    (tmp_path / "answer.tsr").write_bytes(GOOD.answer((tmp_path / "ask.tsq").read_bytes()))
    monkeypatch.setenv("TOCSIN_TIMESTAMPS_CA", "root.pem")
    monkeypatch.setenv("TOCSIN_TIMESTAMPS", "https://tsa.example.org")
    (tmp_path / "root.pem").write_bytes(stamping.authority(lambda: NOW).root.pem)
    strange = tocsin(tmp_path, "stamp", "I-1", "--answer", "answer.tsr")
    assert (strange.code, "does not lead to a certificate that is trusted here" in strange.err) == (2, True), (
        strange.err
    )
    (tmp_path / "root.pem").write_bytes(GOOD.root.pem)
    for _ in range(2):
        ran = tocsin(tmp_path, "stamp", "I-1", "--answer", "answer.tsr")
        assert (ran.code, "Kept: Test Stamps stamped the log of I-1 over 5 entries at 2026-03-01" in ran.out) == (
            0,
            True,
        )
        assert "not checked" not in ran.out
    assert kept(tmp_path) == [(5, "Test Stamps")]
    verdict = verify(tmp_path / "b.zip", roots=roots_in(GOOD.root.pem))
    assert (verdict.code, [(one.size, one.doubt) for one in verdict.evidence.stamped]) == (0, [(5, "")])
    (tmp_path / "other.pem").write_bytes(stamping.authority(lambda: NOW).root.pem)
    over = "It carries a time stamp by Test Stamps, of 2026-03-01 08:00 UTC over its first 5 entries: "
    for more, code, says in (
        ((), 0, "not checked; give the authority's root certificate"),
        (("--tsa-root", "root.pem"), 0, "signed by whom you trust"),
        (("--tsa-root", "root.pem", "--need", "stamped"), 0, "signed by whom you trust"),
        (("--tsa-root", "other.pem", "--need", "stamped"), 2, "that does not count"),
    ):
        ran = tocsin(tmp_path, "verify", "b.zip", *more)
        assert (ran.code, over + says in " ".join(ran.out.split())) == (code, True), ran.out
    for root, says in (("gone.pem", "cannot be read"), ("ask.tsq", "there is no certificate in it")):
        ran = tocsin(tmp_path, "verify", "b.zip", "--tsa-root", root)
        assert (ran.code, says in ran.err) == (2, True), ran.err


def test_what_is_no_stamp_is_one_line(tmp_path: Path) -> None:
    """Nothing asked, both asked, no log, no file, garbage, a stamp of another log: a line each, and nothing is kept."""
    grow(tmp_path, 4)
    assert tocsin(tmp_path, "stamp", "I-1", "-o", "ask.tsq").code == 0
    other = GOOD.answer(question("something else\n").body)
    (tmp_path / "other.tsr").write_bytes(other)
    (tmp_path / "page.tsr").write_bytes(b"<html>" * 100_000)
    for arguments, says in (
        ((), "give one of the two"),
        (("-o", "x", "--answer", "page.tsr"), "give one of the two, not both"),
        (("--answer", "gone.tsr"), "gone.tsr"),
        (("--answer", "page.tsr"), "longer than any time stamp"),
        (("--answer", "other.tsr"), "it stamps no checkpoint of I-1"),
        (("--answer", "ask.tsq"), "no time stamp"),
    ):
        ran = tocsin(tmp_path, "stamp", "I-1", *arguments)
        assert (ran.code, says in ran.err, ran.err.count("\n")) == (2, True, 1), (arguments, ran.err)
    assert tocsin(tmp_path, "stamp", "I-9", "-o", "x").code == 2
    assert kept(tmp_path) == []


def test_unchecked_is_said(tmp_path: Path) -> None:
    """Without a root the answer is kept, and that nobody looked at who signed it is said."""
    grow(tmp_path, 1)
    tocsin(tmp_path, "stamp", "I-1", "-o", "ask.tsq")
    (tmp_path / "answer.tsr").write_bytes(GOOD.answer((tmp_path / "ask.tsq").read_bytes()))
    ran = tocsin(tmp_path, "stamp", "I-1", "--answer", "answer.tsr")
    assert (ran.code, "not checked: set TOCSIN_TIMESTAMPS_CA" in ran.out) == (0, True), ran.err
