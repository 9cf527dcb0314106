"""The HTML report as a file: what it holds, that nothing in a log can break out of it, and that it asks nobody for anything."""

from __future__ import annotations

import json
import re
import tracemalloc
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hatchling.builders.wheel import WheelBuilder

from storage import canonical
from storage.database import SqliteStore
from storage.export.copy import Copy, Line
from storage.export.html import MOST_ENTRIES, REPORT, SCRIPTS, html
from storage.export.making import make
from storage.export.wording import LANGUAGES, table
from storage.facts import FACTS, AlertIssued, NoteAdded
from storage.store import StorageError
from tests.storage.moments import at
from tests.storage.reports import FIRE, HOSTILE, asked, fill, minutes, parsed, report
from tests.storage.small import ROOM

ROOT = Path(__file__).parent.parent.parent


async def copy_of(store: SqliteStore, path: Path) -> Copy:
    """The copy that a form is given."""
    found: list[Copy] = []

    async def form(copy: Copy, out: BinaryIO) -> None:
        found.append(copy)

    await make(store, asked(), form, path, now=at(minutes(60)))
    return found[0]


async def test_it_holds_the_log_as_the_bundle_does(store: SqliteStore, tmp_path: Path) -> None:
    """Entries and what is shown of them stand in the file byte for byte as they are kept, but for the `<` that could end an element."""
    hostile = {f"field {number}": {"text": text} for number, text in enumerate(HOSTILE)} | {"__proto__": "</script>"}
    alert = AlertIssued("A-2", "D-2", "</script>", "city", "P-1", "P-2", False, "b", "m:1", (), None, None, hostile)
    await fill(store, "I-1", alert, *(NoteAdded("P-1", None, ROOM, text) for text in HOSTILE))
    text = (await report(store, tmp_path / "report.html")).read_bytes().decode()
    lines = parsed(text).lines
    kept = [(data, disclosed) async for _, data, disclosed in store.entries("I-1")]
    assert len(lines) == len(kept)
    for (leaf, entry, disclosed), (data, shown) in zip(lines, kept, strict=True):
        assert leaf == sha256(b"\x00" + data).hexdigest()
        assert entry.encode() == data
        assert disclosed.encode() == canonical.encode(shown).replace(b"<", b"\\u003c")
        assert json.loads(disclosed) == shown


async def test_hostile_text_makes_no_element(store: SqliteStore, tmp_path: Path) -> None:
    """Whatever somebody wrote into the log, the file has the same elements as without it, and one program: ours."""
    await fill(store)
    plain = parsed((await report(store, tmp_path / "plain.html")).read_text())
    await store.append("I-1", *(NoteAdded("P-1", None, ROOM, text) for text in HOSTILE), now=minutes(50))
    hostile = parsed((await report(store, tmp_path / "hostile.html")).read_text())
    assert set(hostile.names) == set(plain.names)
    assert hostile.names.count("script") - plain.names.count("script") in (0, 1, 2)  # longer, so one block more
    assert (hostile.program, hostile.style) == (plain.program, plain.style)


async def test_its_policy_forbids_everything_but_itself(store: SqliteStore, tmp_path: Path) -> None:
    """The policy in the page names the program and the style by their hash and forbids every connection; nothing outside is named anywhere."""
    await fill(store)
    page = parsed((await report(store, tmp_path / "report.html")).read_text())
    [policy] = [value for name, value in page.attributes if name == "content" and value and "default-src" in value]
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (page.program, page.style)]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{hashes[0]}'",
        f"style-src 'sha256-{hashes[1]}'",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
    assert not {name for name, _ in page.attributes} & {"src", "href", "style", "action", "srcset", "onload", "onerror"}
    assert not re.search(r"https?://|@import|\burl\(", page.program + page.style)


def test_the_program_can_stand_in_a_page() -> None:
    """Nothing in the program or the style ends the element it stands in, and all of them are in the list of what is put in."""
    assert {path.name for path in REPORT.glob("*.js")} == set(SCRIPTS)
    for path in REPORT.iterdir():
        assert not re.search(r"</(script|style)|<!--|\r", path.read_text(), re.IGNORECASE), path


def test_the_wheel_has_the_program() -> None:
    """Whoever installs Tocsin has the report's program and style."""
    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    words = [path for name in ("words", "readme") for path in (REPORT.parent / name).iterdir()]
    assert {path.relative_to(ROOT).as_posix() for path in (*REPORT.iterdir(), *words)} <= packed


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_word(language: str) -> None:
    """No table lacks a word that the English one has, nor a name to be filled in; each kind of fact that the log may hold is called something."""
    english, here = table("en"), table(language)
    assert set(here["kinds"]) == set(FACTS)
    for part in ("words", "codes", "kinds"):
        assert list(here[part]) == list(english[part])
        for key, words in here[part].items():
            assert words and sorted(re.findall(r"\{\w+\}", words)) == sorted(
                re.findall(r"\{\w+\}", english[part][key])
            ), key


def test_the_program_has_the_words_that_it_says() -> None:
    """Each key that the program asks for is in the tables, and each kind of fact has its group and the fields that tell it."""
    program = "".join(
        (REPORT / name).read_text() for name in SCRIPTS if name != "log.js"
    )  # which says what it finds to the others
    asked_for = set(re.findall(r'\bsay\("(\w+)"', program)) | set(re.findall(r'"(find\w+)"', program))
    assert asked_for <= set(table("en")["words"])
    listed = re.findall(r'^      (\w+): "[^"]+",$', (REPORT / "kinds.js").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(FACTS)


async def test_a_partners_report_holds_only_what_it_may_see(store: SqliteStore, tmp_path: Path) -> None:
    """What is not shown to a partner is nowhere in its file, and what is shown still is."""
    await fill(store, "I-1", NoteAdded("P-987654", "police", ROOM, "nobody else's business"))
    text = (await report(store, tmp_path / "report.html", recipient=FIRE)).read_text()
    assert "Quai évacué" in text
    for hidden in ("nobody else's business", "police", "P-987654", "Le pont est fermé"):
        assert hidden not in text


async def test_it_is_written_in_bounded_memory(store: SqliteStore, tmp_path: Path) -> None:
    """A log twenty times as long takes no more memory to write."""
    await fill(store)
    copy = await copy_of(store, tmp_path / "none")

    class Long:
        about, playbooks, keys, cosigned, sign = copy.about, copy.playbooks, copy.keys, copy.cosigned, copy.sign
        naming = copy.naming

        def __init__(self, times: int) -> None:
            self.times = times

        async def lines(self) -> AsyncIterator[Line]:
            lines = [line async for line in copy.lines()]
            for _ in range(self.times):
                for line in lines:
                    yield line

    class Counted:
        written = 0

        def write(self, data: bytes) -> int:
            self.written += len(data)
            return len(data)

    peaks, written = [], []
    for times in (20, 400):
        out = Counted()
        tracemalloc.start()
        await html(cast(Copy, Long(times)), cast(BinaryIO, out))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        written.append(out.written)
    assert written[1] > 10 * written[0] > 1_000_000
    assert peaks[1] < 1.2 * peaks[0] < 3_000_000


async def test_a_log_too_long_for_a_browser_says_what_to_do(store: SqliteStore, tmp_path: Path) -> None:
    """A log that no browser could hold is refused before anything is written, and the words name the forms that can."""
    await fill(store)
    copy = await copy_of(store, tmp_path / "none")

    class Endless:
        about = replace(copy.about, checkpoint=replace(copy.about.checkpoint, size=MOST_ENTRIES + 1))

    with pytest.raises(StorageError, match=r"too long for one page in a browser.* bundle, csv or jsonl"):
        await html(cast(Copy, Endless()), cast(BinaryIO, None))
