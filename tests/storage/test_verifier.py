"""Both verifiers, the program's and the one file in every bundle, give the same answer to everything that was doctored."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage.cosigning import Witness
from storage.database import SqliteStore, open_store
from storage.export import container, verifier
from storage.export.bundle import verifier as shipped
from storage.export.witnessed import checkpoints_in
from storage.facts import NoteAdded
from storage.notes import Signer, Verifier
from storage.rotation import link
from storage.verify import OLDER, REQUIRED, Need, verify, verify_bytes
from tests.storage.bundled import both, export_bundle, listed, resigned, signed_manifest
from tests.storage.doctored import (
    OLD,
    POLICE,
    SIZE,
    WEAK,
    Doctored,
    agreed,
    chained,
    cosigned,
    every,
    filled,
    note_at,
    posted_otherwise,
    strange,
)
from tests.storage.small import NOW, ROOM, STREAM

KEY = Signer("liege", Ed25519PrivateKey.from_private_bytes(bytes([1] * 32)))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small bundle, signed anew by a key that is the same each time."""
    folder = tmp_path_factory.mktemp("bundle")

    async def make() -> bytes:
        store = await open_store(folder / "data", "liege")
        try:
            await filled(store)
            await export_bundle(store, STREAM, by="ada", reason="inquiry", path=folder / "b", now=NOW)
        finally:
            await store.close()
        return (folder / "b").read_bytes()

    files = container.unpack(asyncio.run(make()))
    files |= {"key.txt": f"{KEY.verifier.vkey}\n".encode(), "README.txt": b"Read.\n", "verify.py": b"pass\n"}
    return resigned(container.pack(files), KEY)


@pytest.fixture(scope="module")
def doctored(bundle: bytes) -> list[Doctored]:
    """The whole table."""
    return every(bundle, KEY)


def ours(one: Doctored) -> tuple[int, int | None]:
    """What ``tocsin verify`` answers, and the first entry it names."""
    kept = checkpoints_in(one.kept.encode()) if one.kept is not None else []
    verdict = verify_bytes(one.raw, *kept)
    if one.need is not None:
        Need.parse(one.need).demand(verdict)
    return verdict.code, verdict.first


def theirs(path: Path, kept: list[str]) -> tuple[int, int | None]:
    """What the one-file verifier answers, within this process."""
    found = verifier.examine(str(path), kept)
    named = [entry for grade, entry, _ in found.found if entry is not None and grade == "tampered"]
    return found.code, min(named, default=None)


def test_the_program_says_what_is_wrong(doctored: list[Doctored]) -> None:
    """Each doctored bundle has the verdict it must have, and the first entry that was tampered with is named."""
    assert len(doctored) > 90
    said = {one.name: ours(one) for one in doctored}
    assert len(said) == len(doctored)
    assert said == {one.name: (one.code, one.first) for one in doctored}


ALL = """
import io, json, sys
sys.path.insert(0, ".")
import verify
for line in sys.stdin:
    out, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), "utf-8")
    code = verify.main(json.loads(line))
    sys.stdout.seek(0)
    said, sys.stdout = sys.stdout.read(), out
    print(json.dumps([code, said]))
"""
"""Answers each command line, given as JSON, as the one file would; it knows of nothing but the folder it is in."""


def test_the_one_file_agrees(doctored: list[Doctored], tmp_path: Path) -> None:
    """A bare Python in an empty folder, without any package, answers each with the same code and names the same entry first."""
    (tmp_path / "verify.py").write_bytes(shipped())
    asked = []
    for number, one in enumerate(doctored):
        (tmp_path / f"{number}.zip").write_bytes(one.raw)
        command = [f"{number}.zip"]
        if one.kept is not None:
            (tmp_path / f"{number}.txt").write_text(one.kept)
            command += ["--checkpoint", f"{number}.txt"]
        if one.need is not None:
            command += ["--need", one.need]
        asked.append(json.dumps(command) + "\n")
    bare = [sys.executable, "-I", "-S", "-c", ALL]
    done = subprocess.run(
        bare, cwd=tmp_path, input="".join(asked), capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stderr == ""
    differing = {}
    for one, answer in zip(doctored, done.stdout.splitlines(), strict=True):
        code, said = json.loads(answer)
        word = re.match(
            r"(intact|tampered|incomplete)(?:: entry (\d+)|: intact(?: inside)?, .*)?$", said.splitlines()[0]
        )
        assert word is not None, one.name
        assert word[1] == ("intact", "tampered", "incomplete")[code]
        found = code, int(word[2]) if word[2] else None
        if found != ours(one):
            differing[one.name] = found, ours(one)
    assert differing == {}


@pytest.mark.parametrize("part", range(4))
async def test_every_flipped_byte(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    """Whichever byte of a bundle with a small log is changed, both say the same, name the same entry, and never say that it is intact."""
    # A signature that was looked at once need not be worked out again: the same bytes, the same answer.
    monkeypatch.setattr(verifier, "is_signed", cache(verifier.is_signed))
    path = tmp_path / "b.zip"
    await store.append(STREAM, NoteAdded("ada", None, ROOM, "x"), now=NOW)
    await export_bundle(store, STREAM, by="b", reason="x", path=path, now=NOW)
    files = container.unpack(path.read_bytes()) | {"README.txt": b"Read.\n", "verify.py": b"pass\n"}
    bundle = resigned(container.pack(files), store.signer)
    assert verify_bytes(bundle).code == 0
    for at in range(part, len(bundle), 4):
        changed = bytearray(bundle)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        verdict = verify(path)
        assert verdict.code != 0, at
        assert theirs(path, []) == (verdict.code, verdict.first), at


def test_every_cut(bundle: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short a bundle is cut, it is incomplete and nobody is accused; whatever is put before or behind it, both say the same."""
    monkeypatch.setattr(verifier, "is_signed", cache(verifier.is_signed))
    path = tmp_path / "b.zip"
    for raw in (*(bundle[:at] for at in range(0, len(bundle), 97)), bundle + b"x", b"x" + bundle, bundle * 2):
        path.write_bytes(raw)
        verdict = verify(path)
        assert verdict.code == 2 if bundle.startswith(raw) else verdict.code != 0, len(raw)
        assert theirs(path, []) == (verdict.code, verdict.first), len(raw)
        if raw and bundle.startswith(raw):
            assert "cut short on its way" in verdict.findings[0].words
            assert "ask for the file again" in verdict.findings[0].words


SCRAPS = ["\n", "\r\n", "\n\n", "\r", " ", "\0", "=", "A", "+", "0", "\u2014 ", "\ufeff", "99999999999999999999", "\x85", "\u2028", "\xa0", "\t", "\x1c", '"', "{}"]  # fmt: skip


def scribbled(text: str, random: Random) -> str:
    """A text with something put in, cut out, changed or doubled, in one place or two."""
    for _ in range(random.choice((1, 1, 2))):
        at, do = random.randrange(len(text)), random.randrange(4)
        if do == 0:
            text = text[:at] + random.choice(SCRAPS) + text[at:]
        elif do == 1:
            text = text[:at] + text[at + random.randrange(1, 9) :] + "x" * (at == 0)
        elif do == 2:
            text = text[:at] + chr(ord(text[at]) ^ 1 << random.randrange(7)) + text[at + 1 :]
        else:
            text = text[:at] + text[at : at + random.randrange(1, 200)] + text[at:]
    return text


def signed_by_two(bundle: bytes) -> bytes:
    """The bundle with an earlier key, and cosigned under each."""
    change = both(agreed(), chained(link(OLD, KEY, NOW)), cosigned(KEY, 6), cosigned(OLD, 9, POLICE))
    return resigned(bundle, KEY, change)


@pytest.mark.parametrize("name", ["cosigned.jsonl", "keys.jsonl", "checkpoint.txt", "key.txt", "entries.jsonl"])
def test_what_whoever_signs_scribbles(
    bundle: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """However a file is damaged by whoever can sign the manifest anew, both say the same, name the same entry, count the same witnesses, and never more."""
    monkeypatch.setattr(verifier, "is_signed", cache(verifier.is_signed))
    files, random = container.unpack(signed_by_two(bundle)), Random(name)
    path = tmp_path / "b.zip"
    for number in range(40):
        data = scribbled(files[name].decode(), random).encode("utf-8", "surrogatepass")
        if data == files[name]:
            continue
        changed = files | {name: data}
        raw = container.pack(changed | signed_manifest(listed(json.loads(files["manifest.json"]), changed), KEY))
        path.write_bytes(raw)
        verdict, other = verify_bytes(raw), verifier.examine(str(path))
        # Whose signature it is says the entry, not the line: with another name it stands, and does not count.
        assert verdict.code != 0 or (name == "cosigned.jsonl" and verdict.evidence.partners <= ["fire"]), number
        assert theirs(path, []) == (verdict.code, verdict.first), number
        assert sorted(other.partners) == verdict.evidence.partners, number


def test_what_was_kept_in_any_shape(bundle: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Out of a chat, with other line ends, or damaged: both read the same checkpoint in it, or none; words around it do not matter."""
    monkeypatch.setattr(verifier, "is_signed", cache(verifier.is_signed))
    raw, random = signed_by_two(bundle), Random(7)
    path, file = tmp_path / "b.zip", tmp_path / "kept.txt"
    path.write_bytes(raw)
    note = note_at(container.unpack(raw), 6, KEY)
    chat = "Log of I-1: 6 entries. Keep this: it proves the log later.\r\n" + note.replace("\n", "\r\n") + "Thanks!"
    shapes = [chat, note.replace("\n", " "), note.replace("\u2014", "--"), note.replace("\n", "\r\n")]
    for number, kept in enumerate([*shapes, *(scribbled(note, random) for _ in range(120))]):
        file.write_bytes(kept.encode("utf-8", "surrogatepass"))
        verdict = verify_bytes(raw, *checkpoints_in(file.read_bytes()))
        assert theirs(path, verifier.checkpoints_in(str(file))) == (verdict.code, verdict.first), kept
        assert verdict.code == 0 or number >= len(shapes), kept


async def test_a_post_of_another_log(store: SqliteStore, tmp_path: Path) -> None:
    """A log that says that it posted a checkpoint which it never had is tampering, named by that entry."""
    await posted_otherwise(store)
    await export_bundle(store, STREAM, by="ada", reason="inquiry", path=tmp_path / "b", now=NOW)
    verdict = verify(tmp_path / "b")
    assert (verdict.code, verdict.first) == theirs(tmp_path / "b", []) == (1, 4)


def test_unpacked_it_needs_no_argument(bundle: bytes, tmp_path: Path) -> None:
    """From inside the unpacked folder the verifier needs no name, and sees what was changed there."""
    files = container.unpack(bundle) | {"verify.py": shipped()}
    for name, data in container.unpack(resigned(container.pack(files), KEY)).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    run = [sys.executable, "-I", "-S", str(tmp_path / "verify.py")]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "intact"), done.stdout
    assert verify(tmp_path).code == 0
    rows = (tmp_path / "disclosures.jsonl").read_bytes()
    (tmp_path / "disclosures.jsonl").write_bytes(rows.replace(b"note 1", b"note 7"))
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, "tampered: entry 5")


def test_what_is_no_bundle(tmp_path: Path) -> None:
    """Nothing, garbage, a missing file and an empty folder are answered with 2 and words by both."""
    for name, data in (("a", b""), ("b", bytes(5000)), ("c", b"PK\x03\x04"), ("d", b"PK\x05\x06" + bytes(18))):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    for name in ("a", "b", "c", "d", "nothing", "folder"):
        assert verify(tmp_path / name).code == 2, name
        assert theirs(tmp_path / name, [])[0] == 2, name


@given(data=st.data())
def test_neither_raises(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever a bundle's files hold, both answer, the same, and never that it is intact."""
    words = st.sampled_from(
        [b"[]", b"{}", b"null", b"0", b"1.5", b"\n", b"[[]]", b'{"files":{}}', b'{"files":[]}', b"\xff", b"a\n\n", b"[" * 9999,
         b'{"note":"x"}', b'{"at":"","files":{},"format":2,"reader":"","stream":""}']
    )  # fmt: skip
    names = [*verifier.REQUIRED, *verifier.BESIDES, "playbooks/x.yaml"]
    files = data.draw(st.dictionaries(st.sampled_from(names), st.lists(words, max_size=3).map(b"".join)))
    path = tmp_path_factory.mktemp("any") / "b"
    path.write_bytes(container.pack(files))
    verdict = verify(path, "x")
    assert verdict.code != 0
    assert theirs(path, ["x"]) == (verdict.code, verdict.first)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80), st.integers(0, 63), st.integers(0, 7))
def test_its_signatures_are_those_of_everybody(seed: bytes, message: bytes, at: int, bit: int) -> None:
    """What another program signs with Ed25519 verifies in it, and no more so with one bit changed."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    signature, public = bytearray(key.sign(message)), key.public_key().public_bytes_raw()
    assert verifier.is_signed(public, message, bytes(signature))
    signature[at] ^= 1 << bit
    assert not verifier.is_signed(public, message, bytes(signature))


@pytest.mark.parametrize(
    ("public", "message", "signature"),
    [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
    ],
)  # fmt: skip
def test_known_signatures(public: str, message: str, signature: str) -> None:
    """The first two test vectors of RFC 8032 §7.1 verify; with the order of the group added to S they do not (§5.1.7)."""
    key, said, signed = map(bytes.fromhex, (public, message, signature))
    assert verifier.is_signed(key, said, signed)
    again = int.from_bytes(signed[32:], "little") + verifier.ORDER
    assert not verifier.is_signed(key, said, signed[:32] + again.to_bytes(32, "little"))


def test_the_size_is_as_the_table_says(bundle: bytes) -> None:
    """The table knows how many entries the bundle has."""
    assert verify_bytes(bundle).size == SIZE


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    """What the one file answers on a command line, without any package."""
    (folder / "verify.py").write_bytes(shipped())
    command = [sys.executable, "-I", "-S", "verify.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_the_one_file_says_how_it_is_used(tmp_path: Path, option: str) -> None:
    """Asked for help, the one file says how it is used and what it answers."""
    code, said = run(tmp_path, option)
    assert code == 0
    assert "python3 verify.py BUNDLE.zip [--checkpoint FILE]" in said
    assert '"intact" 0' in said


@pytest.mark.parametrize(
    ("name", "begins", "words"),
    [
        ("a.html", "<!doctype html>\n<html>", "open it there"),
        ("a.pdf", "%PDF-1.7\n", "(PDF)"),
        ("a.csv", "\ufeffCopied for,an auditor\r\n", "(CSV)"),
        ("a.jsonl", '{"at":"2026-03-01T09:00:00.000Z"}\n', "(JSON lines)"),
        ("a.xml", '<?xml version="1.0"?>\n<alert/>', "(CAP, XML)"),
        ("a.txt", "hello", "this is no bundle"),
    ],
)
def test_another_form_is_known(tmp_path: Path, name: str, begins: str, words: str) -> None:
    """Of a copy in another form both say in one line what it is, and to ask for the bundle."""
    (tmp_path / name).write_text(begins)
    verdict = verify(tmp_path / name)
    code, said = run(tmp_path, name)
    assert (code, verdict.code) == (2, 2)
    for text in (verdict.findings[0].words, said):
        assert words in text
        assert ("--format bundle" in text) == (name != "a.txt")
    assert (len(verdict.findings), len(said.splitlines())) == (1, 2)


def test_the_one_file_counts_only_what_is_whole(bundle: bytes, tmp_path: Path) -> None:
    """What was changed is not counted as withheld: where something is wrong, the one file counts nothing."""
    (tmp_path / "b.zip").write_bytes(bundle)
    assert "withholds 0" in run(tmp_path, "b.zip")[1]
    (tmp_path / "b.zip").write_bytes(bundle.replace(b"note 1", b"note 7"))
    code, said = run(tmp_path, "b.zip")
    assert (code, said.splitlines()[0]) == (1, "tampered: entry 5")
    assert "withholds" not in said


def test_packed_again_is_said_at_once(doctored: list[Doctored], tmp_path: Path) -> None:
    """Of a bundle that another program packed again, the one file's first line says that it is intact inside."""
    [again] = [one for one in doctored if one.name == "packed again"]
    (tmp_path / "b.zip").write_bytes(again.raw)
    code, said = run(tmp_path, "b.zip")
    assert (code, said.splitlines()[0]) == (2, "incomplete: intact inside, but not the file that was exported")
    assert "withholds 0" in said


def test_the_wrong_way_round(doctored: list[Doctored], tmp_path: Path) -> None:
    """Held against something newer, a copy counts as tampered with, and both give both readings of it."""
    [later] = [one for one in doctored if one.name == "rolled back"]
    (tmp_path / "b.zip").write_bytes(later.raw)
    (tmp_path / "kept.txt").write_text(later.kept or "")
    code, said = run(tmp_path, "b.zip", "--checkpoint", "kept.txt")
    verdict = verify_bytes(later.raw, later.kept or "")
    assert (code, verdict.code) == (1, 1)
    assert [one.rule for one in verdict.findings] == [OLDER]
    for text in (verdict.findings[0].words, " ".join(said.split())):
        assert "this copy is older than what you kept" in text
        assert "the wrong way round" in text
        assert "rolled back" in text


def test_nothing_commands_a_terminal(bundle: bytes, tmp_path: Path) -> None:
    """Whatever a bundle says of itself, both print it without control characters, and a line of its own making begins no line; JSON is as it was."""
    [one] = [one for one in strange(bundle, KEY) if one.name == "a field that commands a terminal"]
    path = tmp_path / "b.zip"
    path.write_bytes(one.raw)
    program = "from bot.cli import main; main()"
    for command in ([shipped_at(tmp_path)], ["-c", program, "verify"]):
        done = subprocess.run([sys.executable, *command, str(path)], capture_output=True, timeout=60, check=False)
        said = (done.stdout + done.stderr).decode()
        assert done.returncode == 1
        assert "[2J" in said
        assert all(line.isprintable() and not line.startswith("intact") for line in said.split("\n"))


def shipped_at(folder: Path) -> str:
    """The one-file verifier, as it is shipped, in a folder."""
    script = folder / "verify.py"
    script.write_bytes(shipped())
    return str(script)


def test_a_small_file_takes_little_memory(tmp_path: Path) -> None:
    """A few hundred kilobytes that unpack to one line of sixty megabytes of JSON, or to twenty million lines, take neither much memory."""
    long, short = b"[" + b"[]," * 20_000_000 + b"[]]\n", b"{}\n" * 20_000_000
    script = shipped_at(tmp_path)
    program = "from pathlib import Path\nfrom storage.verify import verify\nverify(Path(sys.argv[1]))"
    own = f"sys.path.insert(0, {str(tmp_path)!r}); import verify; verify.examine(sys.argv[1])"
    assert Path(script).stem == "verify"
    # Of this program alone: what getrusage says begins with the size of whoever started it.
    peak = "\nprint(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    for name, rows in (("long", long), ("short", short)):
        path = tmp_path / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in REQUIRED:
                archive.writestr(file, rows if file == "disclosures.jsonl" else b"x\n")
        assert path.stat().st_size < 200_000
        for text in (program, own):
            command = [sys.executable, "-c", f"import re, sys\n{text}{peak}", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
            assert done.stderr == ""
            assert int(done.stdout) // 1024 < 400, (name, text)


def test_a_key_without_a_private_key_is_refused() -> None:
    """Neither reads a key of small order, however it is written, nor one that is no point: worked out anew from points of the curve, they are all there."""
    torsion = set()
    for number in range(1, 200):
        if found := verifier.point(number.to_bytes(32, "little")):
            x, y, z, _ = verifier.times(verifier.ORDER, found)
            x, y = (one * pow(z, -1, verifier.P) % verifier.P for one in (x, y))
            torsion.add((y | (x & 1) << 255).to_bytes(32, "little"))
    assert len(torsion) == 8
    assert torsion < set(WEAK)
    for public in WEAK:
        for read, vkey in (
            (Verifier.parse, Verifier("liege", public).vkey),
            (Witness.parse, Witness("liege", public).vkey),
            (verifier.read_key, Verifier("liege", public).vkey),
            (lambda vkey: verifier.read_key(vkey, 4), Witness("liege", public).vkey),
        ):
            with pytest.raises(ValueError, match="key"):
                read(vkey)
