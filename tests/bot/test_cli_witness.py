"""Witnesses on the command line: files go to and fro, a rollback is said plainly, and the key is replaced without a break."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import stat
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bot.cli import main
from playbooks.load import parse
from storage import keys, notes
from storage.database import hold, open_store
from storage.export import container
from storage.export.witnessed import pasted
from storage.facts import CheckpointCosigned, IncidentOpened, NoteAdded
from storage.store import Changes
from tests.bot.running import Ran
from tests.playbooks.border import BORDER
from tests.storage.small import NOW, ROOM

OPENED = IncidentOpened("I-1", "border", 1, "Crue", "ada", None, ROOM, "watch", False, False, "border.yaml:9")


def tocsin(folder: Path, *arguments: str) -> Ran:
    """Run a command to its end in this process, in a folder, with data of its own."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as here, redirect_stdout(out), redirect_stderr(err):
        here.chdir(folder)
        here.setenv("TOCSIN_DATA", str(folder / "data"))
        here.setenv("TOCSIN_WEB", "127.0.0.1:0")
        here.setattr(sys, "argv", ["tocsin", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
    return Ran(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def grow(folder: Path, count: int, playbook: str = BORDER) -> str:
    """An incident in the deployment's data, that goes on by so many notes. Returns the public key."""

    async def write() -> str:
        store = await open_store(folder / "data", "tocsin")
        book = parse(playbook.encode(), "border.yaml")
        facts = [] if await store.incidents() else [OPENED]
        added = [*facts, *(NoteAdded("ada", None, ROOM, f"note {number}") for number in range(count))]
        changes = Changes(
            NOW, records=[("I-1", book.digest, one) for one in added], playbooks=[(book.digest, book.source)]
        )
        await store.commit(changes)
        await store.sign(NOW)
        await store.close()
        return store.signer.verifier.vkey

    return asyncio.run(write())


def facts(folder: Path) -> list[CheckpointCosigned]:
    """The cosignatures on file."""

    async def read() -> list[CheckpointCosigned]:
        store = await open_store(folder / "data", "tocsin")
        found = [one.fact for one in await store.facts("I-1") if isinstance(one.fact, CheckpointCosigned)]
        await store.close()
        return found

    return asyncio.run(read())


def sign(folder: Path, request: str, out: str, *more: str) -> tuple[int, str, str]:
    """The partner signs, with nothing but its own files."""
    ran = tocsin(folder, "witness", "sign", request, "--key", "fire.key", "--memory", "fire.memory", "-o", out, *more)
    return ran.code, ran.out, ran.err


def key(folder: Path) -> str:
    """A key for the partner ``fire``; the public one."""
    made = tocsin(folder, "witness", "new", "fire", "-o", "fire.key")
    assert made.code == 0, made.err
    return made.out.splitlines()[-1]


def test_a_log_is_cosigned_over_files(tmp_path: Path) -> None:
    """New key, request, signature, kept; then once more from there; the playbook says whose key it is."""
    public = key(tmp_path)
    assert stat.S_IMODE((tmp_path / "fire.key").stat().st_mode) == 0o600
    book = BORDER.replace("  fire:\n", f'  fire:\n    witness: "{public}"\n', 1)
    assert public in book
    vkey = grow(tmp_path, 4, book)
    asked = tocsin(tmp_path, "checkpoint", "i1", "-o", "ask.txt")
    assert (asked.code, vkey in asked.out) == (0, True), asked.err
    assert sign(tmp_path, "ask.txt", "signed.txt")[0] == 2
    code, out, err = sign(tmp_path, "ask.txt", "signed.txt", "--vkey", vkey)
    assert (code, err) == (0, "")
    assert "5 entries" in out
    kept = tocsin(tmp_path, "witness", "add", "I-1", "signed.txt")
    assert (kept.code, "Kept: fire signed the log of I-1 at 5 entries." in kept.out) == (0, True), kept.err
    assert "your word" not in kept.out
    grow(tmp_path, 3, book)
    again = tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask2.txt")
    assert (again.code, "continuing the 5 that the witness signed" in again.out) == (0, True)
    code, out, _ = sign(tmp_path, "ask2.txt", "signed2.txt")
    assert (code, "It continues the 5 that you signed before." in out) == (0, True)
    assert tocsin(tmp_path, "witness", "add", "I-1", "signed2.txt").code == 0
    assert [(one.size, one.partner, one.confirmed) for one in facts(tmp_path)] == [(5, "fire", True), (9, "fire", True)]
    assert tocsin(tmp_path, "export", "I-1", "--reason", "inquiry", "-o", "copy.zip").code == 0
    verified = tocsin(tmp_path, "verify", "copy.zip", "--need", "cosigned:1")
    assert verified.code == 0, verified.err
    said = " ".join(verified.out.split())
    assert (
        "cosigned by 1 partner" in said
        and "fire signed its first 9 entries; the key is known to the log since entry 0" in said
    )
    assert tocsin(tmp_path, "verify", "copy.zip", "--need", "cosigned:2").code == 2


def test_a_key_that_the_playbook_does_not_name_is_the_operators_word(tmp_path: Path) -> None:
    """Without a key in the playbook nobody is guessed; whoever is named is said to be unconfirmed, and must be a partner."""
    public = key(tmp_path)
    vkey = grow(tmp_path, 4)
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask.txt")
    sign(tmp_path, "ask.txt", "signed.txt", "--vkey", vkey)
    assert "--partner PARTNER --vkey KEY" in tocsin(tmp_path, "witness", "add", "I-1", "signed.txt").err
    nobody = tocsin(tmp_path, "witness", "add", "I-1", "signed.txt", "--partner", "fir", "--vkey", public)
    assert (nobody.code, "no such partner" in nobody.err) == (2, True)
    kept = tocsin(tmp_path, "witness", "add", "I-1", "signed.txt", "--partner", "fire", "--vkey", public)
    assert (kept.code, "is your word alone, and no evidence" in kept.out) == (0, True), kept.err
    assert [one.confirmed for one in facts(tmp_path)] == [False]
    assert tocsin(tmp_path, "export", "I-1", "--reason", "inquiry", "-o", "copy.zip").code == 0
    assert "no playbook names the key" in tocsin(tmp_path, "verify", "copy.zip").out
    assert tocsin(tmp_path, "verify", "copy.zip", "--need", "cosigned").code == 2


@pytest.mark.parametrize("spelt", [">-\n      {}", "\n      {}", '"\\x66{rest}"'])
def test_a_key_that_not_everybody_can_read_is_refused(tmp_path: Path, spelt: str) -> None:
    """Where the playbook names the key so that only YAML finds it, a signature is not kept, and it is said how to write it; check says where it stands."""
    public = key(tmp_path)
    book = BORDER.replace("  fire:\n", f"  fire:\n    witness: {spelt.format(public, rest=public[1:])}\n", 1)
    vkey = grow(tmp_path, 4, book)
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask.txt")
    sign(tmp_path, "ask.txt", "signed.txt", "--vkey", vkey)
    for more in ((), ("--partner", "fire", "--vkey", public)):
        refused = tocsin(tmp_path, "witness", "add", "I-1", "signed.txt", *more)
        assert (refused.code, len(refused.err.splitlines())) == (2, 1)
        assert f'write `fire:` on a line of its own, and below it, on another, `witness: "{public}"`' in refused.err
    assert facts(tmp_path) == []
    (tmp_path / "border.yaml").write_text(book)
    checked = tocsin(tmp_path, "check", "border.yaml")
    rows = book.split("\n")
    at = next(number for number, row in enumerate(rows, 1) if row.startswith("    witness:"))
    line, column = (at, 14) if rows[at - 1] != "    witness: " else (at + 1, 7)
    assert checked.code == 1
    assert f"border.yaml:{line}:{column}: the key of `fire` is written so that" in checked.err


def test_several_witnesses_are_each_asked_from_where_they_signed(tmp_path: Path) -> None:
    """Without a size the smallest that a witness signed last is continued, and it is said from where each goes on."""
    public = key(tmp_path)
    vkey = grow(tmp_path, 4)
    for partner, out in (("fire", "one"), ("city", "two")):
        assert tocsin(tmp_path, "checkpoint", "I-1", "--since", "0", "-o", f"ask-{out}").code == 0
        (tmp_path / "fire.memory").unlink(missing_ok=True)
        assert sign(tmp_path, f"ask-{out}", f"signed-{out}", "--vkey", vkey)[0] == 0
        kept = tocsin(tmp_path, "witness", "add", "I-1", f"signed-{out}", "--partner", partner, "--vkey", public)
        assert kept.code == 0, kept.err
        grow(tmp_path, 2)
    ran = tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask-both")
    assert "continuing the 5 that the witness signed" in ran.out and "fire --since 5, city --since 8." in ran.out


def test_a_rollback_is_said_plainly(tmp_path: Path) -> None:
    """Data and checkpoints.log put back together: what a witness kept, in whatever form, says so, and its key does not sign."""
    key(tmp_path)
    vkey = grow(tmp_path, 4)
    shutil.copytree(tmp_path / "data", tmp_path / "older")
    grow(tmp_path, 3)
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask.txt")
    sign(tmp_path, "ask.txt", "signed.txt", "--vkey", vkey)
    note = (tmp_path / "signed.txt").read_text()
    (tmp_path / "chat.txt").write_text(
        "Log of I-1: 8 entries. Keep this.\r\n" + note.replace("\n\n", "\n").replace("\n", "\r\n") + "thanks!"
    )
    shutil.copy(tmp_path / "data" / "checkpoints.log", tmp_path / "kept.log")
    for kept in ("ask.txt", "signed.txt", "chat.txt", "kept.log"):
        stands = tocsin(tmp_path, "checkpoint", "I-1", "--against", kept)
        assert (stands.code, "its first 8 entries" in stands.out) == (0, True), (kept, stands.err)
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "older").rename(tmp_path / "data")
    assert "none was lost" in tocsin(tmp_path, "doctor").out
    for kept in ("ask.txt", "signed.txt", "chat.txt", "kept.log"):
        back = tocsin(tmp_path, "checkpoint", "I-1", "--against", kept)
        assert back.code == 1, (kept, back.err)
        assert back.err.startswith("rolled back: the witness saw 8 entries of I-1, here are 5. ")
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask2.txt")
    code, _, err = sign(tmp_path, "ask2.txt", "signed2.txt")
    assert (code, err.startswith("ROLLED BACK: you signed the log of I-1 at 8 entries")) == (1, True)
    grow(tmp_path, 6)
    replaced = tocsin(tmp_path, "checkpoint", "I-1", "--against", "signed.txt")
    assert (replaced.code, replaced.err.startswith("replaced: the first 8 entries")) == (1, True)


def test_all_that_a_witness_kept_is_compared(tmp_path: Path) -> None:
    """Neither a true checkpoint beside another history of the same log, nor a stranger's of any size, hides what else was kept; verify says the same."""
    grow(tmp_path, 4)
    assert tocsin(tmp_path, "export", "I-1", "--reason", "inquiry", "-o", "copy.zip").code == 0
    signer = keys.signer(tmp_path / "data", "tocsin")
    stranger = notes.Signer("tocsin", Ed25519PrivateKey.generate())

    def note(size: int, by: notes.Signer = signer, root: bytes = bytes(32)) -> str:
        return by.sign(notes.Checkpoint("tocsin/I-1", size, root).text)

    def said(*kept: str) -> list[tuple[int, str]]:
        (tmp_path / "kept.log").write_text("".join(json.dumps({"note": one}) + "\n" for one in kept))
        ran = tocsin(tmp_path, "checkpoint", "I-1", "--against", "kept.log")
        examined = tocsin(tmp_path, "doctor", "--checkpoint", "kept.log")
        [line] = [line for line in examined.out.splitlines() if line[5:].startswith("kept: ")]
        verified = tocsin(tmp_path, "verify", "copy.zip", "--checkpoint", "kept.log")
        return [(ran.code, ran.err or ran.out), (int(line.startswith("fail")), line), (verified.code, verified.err)]

    async def true() -> str:
        store = await open_store(tmp_path / "data", "tocsin")
        found = await store.checkpoint("I-1")
        await store.close()
        assert found is not None
        return found

    latest = asyncio.run(true())
    junk = [note(size, stranger) for size in (2, 5, *range(40, 70))]
    for kept, code, words in (
        ([latest, *junk], 0, "the log of i-1 stands"),
        ([note(3), latest], 1, "replaced: the first 3 entries"),
        ([latest, note(30)], 1, "rolled back: "),
        ([*junk, note(30), latest], 1, "rolled back: "),
        ([note(30), note(3), note(2), latest, *junk], 1, "replaced: the first 3 entries"),
    ):
        here, doctor, verified = said(*kept)
        assert (here[0], doctor[0], verified[0]) == (code, code, code), (words, here, doctor, verified)
        assert words in here[1].lower() and words in doctor[1].lower()
    here, doctor, verified = said(*junk)
    assert (here[0], "not signed by a key of this deployment" in here[1], verified[0]) == (2, True, 2)
    assert "no key that is known here signed what was kept of tocsin/I-1" in doctor[1]


def test_the_key_is_replaced_without_a_break(tmp_path: Path) -> None:
    """The link leads witnesses from the old key to the new one; doctor names it; while a bot runs nothing is done."""
    key(tmp_path)
    old = grow(tmp_path, 4)
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask.txt")
    assert sign(tmp_path, "ask.txt", "signed.txt", "--vkey", old)[0] == 0
    with hold(tmp_path / "data"):
        busy = tocsin(tmp_path, "rotate-key", "--reason", "lent")
        assert (busy.code, "already runs" in busy.err) == (2, True)
    assert tocsin(tmp_path, "rotate-key", "--reason", " ").code == 2
    done = tocsin(tmp_path, "rotate-key", "--reason", "lent to somebody")
    assert done.code == 0, done.err
    [link] = (tmp_path / "data").glob("signing.*.link")
    assert str(link.name) in done.out and "tocsin witness sign FILE" in done.out
    examined = tocsin(tmp_path, "doctor").out
    assert "another key" not in examined
    assert "it took the place of another on" in examined
    grow(tmp_path, 2)
    tocsin(tmp_path, "checkpoint", "I-1", "--since", "5", "-o", "ask2.txt")
    assert "--link FILE" in sign(tmp_path, "ask2.txt", "signed2.txt")[2]
    code, _, err = sign(tmp_path, "ask2.txt", "signed2.txt", "--link", str(link))
    assert (code, err) == (0, ""), err
    assert tocsin(tmp_path, "checkpoint", "I-1", "--against", "signed.txt").code == 0
    assert len(list((tmp_path / "data").glob("signing.*.key"))) == 1
    assert not (tmp_path / "data" / keys.FOLLOWING).exists()


def test_the_key_is_replaced_twice_between_two_signatures(tmp_path: Path) -> None:
    """Both links, in either order or in one file, lead on, and so does keys.jsonl out of a copy; one alone does not, and it is said what else to give."""
    key(tmp_path)
    old = grow(tmp_path, 4)
    tocsin(tmp_path, "checkpoint", "I-1", "-o", "ask.txt")
    assert sign(tmp_path, "ask.txt", "signed.txt", "--vkey", old)[0] == 0
    links: list[str] = []
    for _ in range(2):
        assert "or --link keys.jsonl" in tocsin(tmp_path, "rotate-key", "--reason", "lent").out
        [link] = {str(one) for one in (tmp_path / "data").glob("signing.*.link")} - set(links)
        links.append(link)
    grow(tmp_path, 2)
    tocsin(tmp_path, "checkpoint", "I-1", "--since", "5", "-o", "ask2.txt")
    assert tocsin(tmp_path, "export", "I-1", "--reason", "inquiry", "-o", "copy.zip").code == 0
    (tmp_path / "keys.jsonl").write_bytes(container.unpack((tmp_path / "copy.zip").read_bytes())["keys.jsonl"])
    (tmp_path / "both").write_text("".join(Path(one).read_text() for one in reversed(links)))
    one, two = links
    for given in ([], [one], [two]):
        code, _, err = sign(tmp_path, "ask2.txt", "none", *(word for link in given for word in ("--link", link)))
        assert (code, "--link FILE --link FILE" in err, "keys.jsonl" in err) == (2, True, True), err
    code, _, err = sign(tmp_path, "ask2.txt", "none", "--link", one, "--link", "ask.txt")
    assert (code, err.startswith("--link ask.txt: "), "signing.….link" in err) == (2, True, True), err
    memory = (tmp_path / "fire.memory").read_bytes()
    for number, given in enumerate(([one, two], [two, one], ["both"], ["keys.jsonl"], ["keys.jsonl", one])):
        (tmp_path / "fire.memory").write_bytes(memory)
        more = [word for link in given for word in ("--link", link)]
        code, _, err = sign(tmp_path, "ask2.txt", f"signed2-{number}", *more)
        assert (code, err) == (0, ""), given


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("checkpoint", "I-1"), "give one of the two: -o FILE"),
        (("checkpoint", "I-1", "-o", "x", "--against", "here"), "give one of the two, not both"),
        (("checkpoint", "I-9", "-o", "x"), "no incident I-9"),
        (("checkpoint", "I-1", "--since", "99", "-o", "x"), "the witness signed 99"),
        (("checkpoint", "I-1", "-o", "here"), "exists: name another file"),
        (("checkpoint", "I-1", "--against", "here"), "no signed checkpoint is in it"),
        (("checkpoint", "I-1", "--against", "missing"), "missing: No such file"),
        (("checkpoint", "I-1", "--against", "data"), "is a folder"),
        (("witness", "new", "a b", "-o", "y"), "no spaces"),
        (("witness", "new", "fire", "-o", "here"), "exists"),
        (("witness", "sign", "here", "--key", "here", "--memory", "m", "-o", "z"), "no witness's key"),
        (("witness", "sign", "here", "--key", "fire.key", "--memory", "m", "-o", "z"), "not a request"),
        (("witness", "sign", "fire.key", "--key", "fire.key", "--memory", "here", "-o", "z"), "not a request"),
        (("witness", "add", "I-1", "here"), "no signed checkpoint is in it"),
        (("witness", "add", "I-1", "here", "--partner", "fire"), "go together"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    """Each mistake is one line that says what to do, and nothing is written."""
    grow(tmp_path, 1)
    key(tmp_path)
    (tmp_path / "here").write_bytes("é\n".encode())
    ran = tocsin(tmp_path, *arguments)
    assert ran.code == 2
    assert says in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not {"x", "y", "z"} & {path.name for path in tmp_path.iterdir()}


def test_hostile_words_are_read_in_no_time() -> None:
    """Words out of a chat are searched once, whatever they are made of."""
    assert pasted("/" * 100_000 + " 1 " * 50_000 + "- " * 50_000) is None
    signer = notes.Signer("liege", Ed25519PrivateKey.generate())
    note = signer.sign(notes.Checkpoint("liege/I-1", 3, bytes(32)).text)
    assert pasted(f"> EXERCISE\n{note} -- bye / 12 ") == note
    assert pasted(note.replace("\u2014", "--").replace("\n", " ")) == note


def test_where_there_is_no_log_nothing_is_rotated(tmp_path: Path) -> None:
    """Neither in an empty folder, nor where the doctor looked, nor where a key was made and nothing signed: one line, and no key is made."""
    for prepare in ((), ("doctor",)):
        if prepare:
            tocsin(tmp_path, *prepare)
        ran = tocsin(tmp_path, "rotate-key", "--reason", "lost")
        assert (ran.code, ran.out) == (2, "")
        assert "there is no log yet in" in ran.err and ran.err.strip().endswith("; nothing to rotate")
        assert not list((tmp_path / "data").glob("signing*"))
    keys.signer(tmp_path / "data", "tocsin")
    assert tocsin(tmp_path, "rotate-key", "--reason", "lost").code == 2
    assert [path.name for path in (tmp_path / "data").glob("signing*")] == ["signing.key"]
