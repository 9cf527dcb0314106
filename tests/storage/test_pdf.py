"""The report for the file: what it states, on every page, in any script; and the PDF itself, the same bytes for the same copy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.database import SqliteStore
from storage.entry import EXERCISE, REHEARSAL
from storage.export import bidi
from storage.export.cap import cap
from storage.export.copy import Copy, Form
from storage.export.for_whom import AUDITOR
from storage.export.glyphs import Fonts
from storage.export.ics214 import ics214
from storage.export.paper import Cell, Furniture, Paper
from storage.export.pdf import pdf
from storage.export.wording import LANGUAGES
from storage.export.wrapping import wrapped
from storage.tongue import tongue
from tests.examples import examples
from tests.storage.crisis import FOR_FIRE, NOTE, copied, played
from tests.storage.pdf_text import objects, packed, pages, table, titles


def written(*paragraphs: str) -> bytes:
    """A document with these paragraphs."""
    out = BytesIO()
    paper = Paper(out, Furniture("left", "right"))
    for text in paragraphs:
        paper.para(text)
    paper.close("title")
    return out.getvalue()


def flat(text: str) -> str:
    """Text without the ends of its lines, where words may have been parted."""
    return " ".join(text.split())


async def test_it_states_what_it_is(store: SqliteStore, tmp_path: Path) -> None:
    """For whom, by whom, why, on which basis, what is withheld; and the checkpoint, its root, its key, and the note in full."""
    await played(store)
    said = flat(pages(await copied(store, pdf, tmp_path / "x.pdf", FOR_FIRE))[0])
    note = await store.checkpoint("I-1")
    assert note is not None
    wanted = (
        "Fire brigade (fire)", "operator", "Inquiry 14: who knew?", "Law of inquiries", "2026-07-02 14:00:00", "Withheld", "Alert issued",
        store.signer.verifier.vkey, *note.split("\n"),
    )  # fmt: skip
    assert [word for word in wanted if flat(word) not in said] == []
    heads = {head.stream: head for head in await store.heads()}
    assert f"Entries signed {heads['I-1'].size} Root {heads['I-1'].root.hex()}" in said


@pytest.mark.parametrize("stream", ["I-1", "E-1", "X-1"])
async def test_every_page_says_of_what_it_is_a_page(store: SqliteStore, tmp_path: Path, stream: str) -> None:
    """Each page names the incident and the recipient, and says "3 / 12"; an exercise's says so above and below, and no other does."""
    found = pages(await copied(await played(store, stream), pdf, tmp_path / "x.pdf", FOR_FIRE, stream))
    assert len(found) > 1
    for number, page in enumerate(found, 1):
        lines = page.split("\n")
        assert lines[0].startswith(stream) and lines[1] == "For: Fire brigade"
        assert f"{number} / \n{len(found)}" in page
        for letter, words in (("E", EXERCISE), ("X", REHEARSAL)):
            assert page.count(words) >= 2 if stream.startswith(letter) else words not in page


async def test_it_tells_who_led_what_was_answered_and_what_decided(store: SqliteStore, tmp_path: Path) -> None:
    """Leads from when until when, each alert with deliveries and the times of answers, failures, and decisions with their reasons."""
    said = flat("\n".join(pages(await copied(await played(store), pdf, tmp_path / "x.pdf"))))
    for passage in (
        "2026-07-01 14:00:00 2026-07-01 14:11:00 operational be City Law of 2007; small:3",
        "2026-07-01 14:11:00 2026-07-01 14:12:00 operational be fire",
        "fire Matrix 14:02:00 Telegram 14:02:00 acting 2026-07-01 14:03:00 1 min 0 s",
        "aid Telegram: refused none; asked again: 1; replaced by A-2 at 14:05:00",
        "City Telegram 14:02:00 issued it",
        "14:05:00 replaced by A-2",
        "2026-07-01 14:08:00 cancelled",
        "2026-07-01 14:10:00 taken back",
        "Refused by",
        "decision: Open the hall",
        "rationale: The school is flooded",
    ):
        assert passage in said, passage


async def test_no_entry_is_left_out(store: SqliteStore, tmp_path: Path) -> None:
    """The timeline has every entry by its number, shown or not, for whomever."""
    await played(store)
    for path, recipient in ((tmp_path / "a.pdf", None), (tmp_path / "f.pdf", FOR_FIRE)):
        copy = await (copied(store, pdf, path) if recipient is None else copied(store, pdf, path, recipient))
        size = {head.stream: head.size for head in await store.heads()}["I-1"]
        timeline = "\n".join(pages(copy)).partition("\nTimeline\n")[2]
        told: list[int] = []
        for first, last in re.findall(r"^(\d+)(?:–(\d+))?\n\d\d:\d\d:\d\d$", timeline, re.MULTILINE):
            told += range(int(first), int(last or first) + 1)
        assert told == list(range(size))


async def test_a_partner_reads_nothing_that_it_may_not_see(store: SqliteStore, tmp_path: Path) -> None:
    """What another partner was told or did is not in the report for this one; that there is more, is."""
    await played(store)
    mine = "\n".join(pages(await copied(store, pdf, tmp_path / "f.pdf", FOR_FIRE)))
    whole = "\n".join(pages(await copied(store, pdf, tmp_path / "a.pdf")))
    for word in ("aid", "remind", "thrown out"):
        assert word in whole
        assert word not in mine
    assert "2026-07-01 14:01:00 A-1, Evacuate, from City what: The dyke broke where: Town" in flat(mine)
    assert "where: Town (only as an area)" in flat(mine) and "where: town (only as an area)" not in flat(mine)
    assert "Nothing shown: " in mine
    assert "Nothing shown: " not in whole


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_speaks_the_readers_language(store: SqliteStore, tmp_path: Path, language: str) -> None:
    """Headings, what heads tables (each word whole), furniture, days and sentences are in it, for an auditor and for a partner; the file says which it is."""
    await played(store, "E-1")
    ours = tongue(language)
    heads = [
        ours.word(key)
        for key in (
            "leads",
            "alertsTitle",
            "deliveries",
            "timeline",
            "scope",
            "partners",
            "after",
            "hiddenCount",
            "size",
        )
    ]
    heads += [
        ours.say(words)
        for words in ("Decisions", "Delivered", "Answered", "Entry", "Time", "What happened", "Incident", "Times in")
    ]
    for path, reader in ((tmp_path / "a.pdf", AUDITOR), (tmp_path / "f.pdf", FOR_FIRE)):
        data = await copied(store, pdf, path, replace(reader, language=language), "E-1")
        said = "\n".join(pages(data))
        assert f"/Lang({ours.locale})".encode() in data
        assert [word for head in heads for word in head.split() if word not in said.split()] == []
        assert ours.own(EXERCISE) in said and ours.day(datetime(2026, 7, 1, tzinfo=UTC)) in said
        assert f"{ours.word('forWhom')}" in said.split("\n")[1]
        if language != "en":
            english = [
                one
                for one in said.split("\n")
                if re.match(
                    r"EXERCISE|Who led|Lead |Draft |Refused |Time to |Nothing shown|A-1 issued|shows |withholds ", one
                )
            ]
            assert english == []


async def test_words_in_any_script(store: SqliteStore, tmp_path: Path) -> None:
    """What people typed stands in the report in its own letters, and can be found there."""
    said = "\n".join(pages(await copied(await played(store), pdf, tmp_path / "x.pdf")))
    for word in NOTE.replace("\x07", "").split():
        assert word.strip(",") in said or word.strip(",")[::-1] in said, word


@pytest.mark.parametrize("form", [pdf, ics214, cap], ids=["pdf", "ics214", "cap"])
async def test_the_same_copy_has_the_same_bytes(store: SqliteStore, tmp_path: Path, form: Form) -> None:
    """Written twice, a copy is the same to the last byte."""

    async def twice(copy: Copy, out: BinaryIO) -> None:
        one, other = BytesIO(), BytesIO()
        await form(copy, one)
        await form(copy, other)
        assert one.getvalue() == other.getvalue()
        out.write(one.getvalue())

    assert await copied(await played(store), twice, tmp_path / "x")


async def test_nothing_is_in_the_file_but_what_it_states(store: SqliteStore, tmp_path: Path) -> None:
    """Neither a date of its own nor the name of a program or an author."""
    data = await copied(await played(store), pdf, tmp_path / "x.pdf")
    assert "Report on I-1, High water" in titles(data)
    for word in (b"Date", b"Producer", b"Creator", b"Author", b"Tocsin"):
        assert all(word not in body for body in objects(data).values() if b"beginbfchar" not in body)


def test_the_file_is_sound() -> None:
    """Every object is where the table says, every reference leads to one, and every length is right."""
    data = written(*(f"paragraph {number} {NOTE}" for number in range(200)))
    found = objects(data)
    kinds = table(data)
    assert sorted(found) == list(range(1, len(kinds)))
    assert kinds[0] == (0, 0, 0)
    for number, (kind, place, within) in list(enumerate(kinds))[1:]:
        if kind == 1:
            assert data[place:].startswith(b"%d 0 obj\n" % number)
        else:
            assert list(packed(found[place]))[within] == number
    for body in found.values():
        head = body.partition(b"stream\n")[0]
        assert all(int(one) in found for one in re.findall(rb"(\d+) 0 R", head))
    for length, body in re.findall(rb"/Length (\d+)[^>]*>>\nstream\n(.*?)\nendstream\nendobj", data, re.DOTALL):
        assert len(body) == int(length)


def test_it_can_be_read_aloud() -> None:
    """Each piece of text belongs to an element: a title, headings, paragraphs, and tables with their heads, rows and cells, in the order in which they are
    read; what repeats on each page belongs to none."""
    out = BytesIO()
    paper = Paper(out, Furniture("left", "right"))
    paper.title("the title")
    paper.heading("a part")
    paper.para("words")
    for text in ("one", "two " * 3_000, "three"):
        paper.row([Cell(text), Cell("beside")], [300, 100], heading=[Cell("what"), Cell("else")])
    paper.para("more words")
    paper.close("title")
    found = objects(out.getvalue())
    [root] = [body for body in found.values() if body.startswith(b"<</Type/StructTreeRoot")]
    document = int(re.search(rb"/K (\d+) 0 R", root)[1])  # type: ignore[index]

    def roles(number: int) -> list[object]:
        role, kids = re.search(rb"/S/(\w+).*/K\[(.*)\]", found[number], re.DOTALL).groups()  # type: ignore[union-attr]
        numbers = re.findall(rb"(?<!/Pg )\b(\d+) 0 R", kids)
        return [role.decode(), *(roles(int(one)) for one in numbers)]

    row = ["TR", ["TD"], ["TD"]]
    assert roles(document) == ["Document", ["H1"], ["H2"], ["P"], ["Table", ["TBody", row, row, row]], ["P"]]
    assert b"/Marked true" in out.getvalue() and b"/Lang(en-GB)" in out.getvalue()
    for body in found.values():
        if b"BT " in body and b"MCID" in body:
            drawn = body.partition(b"stream\n")[2]
            assert drawn.count(b"BMC\n") + drawn.count(b"BDC\n") == drawn.count(b"EMC\n")
            assert not re.search(rb"EMC\n(?:(?!BMC|BDC).)*BT", drawn, re.DOTALL)
    [twos] = [body for body in found.values() if body.startswith(b"<</Type/StructElem") and b"/Type/MCR" in body]
    assert twos.startswith(b"<</Type/StructElem/S/TD")  # the cell that goes on overleaf is one cell


def test_a_page_leaves_when_it_is_full() -> None:
    """Pages are in the file before the document is closed, so that its length costs no memory."""
    out = BytesIO()
    paper = Paper(out, Furniture("left", "right"))
    sizes = []
    for number in range(300):
        paper.row([Cell(str(number)), Cell("words " * 30)], [50, 300])
        sizes.append(out.tell())
    assert sizes[99] > sizes[0]
    assert sizes[299] > sizes[199] > sizes[99]
    held = [value for value in vars(paper).values() if isinstance(value, list)]
    assert sum(len(part) for parts in held for part in parts) < 100_000


def test_a_row_longer_than_a_page_goes_on_overleaf() -> None:
    """A text of several pages is there to its last word, and the head of the table stands above each part."""
    out = BytesIO()
    paper = Paper(out, Furniture("left", "right"))
    words = [f"w{number}" for number in range(3000)]
    paper.row([Cell("1"), Cell(" ".join(words))], [50, 400], heading=[Cell("number"), Cell("text")])
    paper.close("title")
    found = pages(out.getvalue())
    assert len(found) > 3
    assert all("number\ntext" in page for page in found)
    assert [one for page in found for one in re.findall(r"\bw\d+\b", page)] == words


@settings(max_examples=examples(150), deadline=None)
@given(st.text(min_size=1))
def test_nothing_of_a_text_is_lost(text: str) -> None:
    """Every character of whatever people typed is drawn, or stands there by its number, but for those that show nothing."""
    said = pages(written(text))[0]
    for character in text:
        if character.isalnum():
            assert character in said or f"U+{ord(character):04X}" in said, character


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("abc אבג", "abc גבא"),
        ("אבג abc", "abc גבא"),
        ("אבג 12 דה", "הד 12 גבא"),
        ("קומה 3-4.", ".3-4 המוק"),
        ("car (אבג)!", "car (גבא)!"),
        ("א (b) ג", "ג (b) א"),
        ("א (b ג) d", "d (ג b) א"),
        ("a (ב [c] ד) ה", "a (ב [c] ד) ה"),
        ("א [ב (c] ד", "ד [c) ב] א"),
        ("الطريق 42%", "%42 قيرطلا"),
    ],
)
def test_what_runs_from_right_to_left(text: str, seen: str) -> None:
    """Characters stand on the line as the Unicode Bidirectional Algorithm has them."""
    base = bidi.base(text)
    levels = bidi.levels(text, base)
    shown = (bidi.MIRRORED.get(text[at], text[at]) if levels[at] % 2 else text[at] for at in bidi.order(levels))
    assert "".join(shown) == seen


def test_a_paragraph_runs_one_way_on_all_its_lines() -> None:
    """A line of a Hebrew paragraph that begins with a Latin word runs from right to left as the others do; the same words by themselves do not."""
    fonts = Fonts()
    first, second = wrapped(fonts, "אבג דהו abc זח", "regular", 40, 9)  # two words a line
    assert (first.text, second.text) == ("אבג דהו", "abc זח")
    letters = fonts.line("abc", "regular")[0].glyphs
    assert fonts.line(second.text, "regular", second.levels)[-1].glyphs == letters
    assert fonts.line(second.text, "regular")[0].glyphs[: len(letters)] == letters


@pytest.mark.parametrize("text", ["אב (", "(אב)", "قال [نعم]", "א «ב»"])
def test_brackets_face_what_they_hold(text: str) -> None:
    """A bracket that runs from right to left is drawn as its pair is, and found by what it looks like."""
    fonts = Fonts()
    drawn = [fonts.all[run.font].used[glyph.number] for run in fonts.line(text, "regular") for glyph in run.glyphs]
    levels = bidi.levels(text, bidi.base(text))
    marks = [bidi.MIRRORED[text[at]] for at in bidi.order(levels) if text[at] in bidi.MIRRORED]
    assert [one for one in drawn if one in bidi.MIRRORED] == marks


def test_arabic_letters_join() -> None:
    """Letters take the shape that their neighbours ask for: a word's glyphs are not those of its letters by themselves."""
    fonts = Fonts()
    [run] = fonts.line("بيت", "regular")
    alone = [fonts.line(letter, "regular")[0].glyphs[0].number for letter in "تيب"]
    shown = [glyph.number for glyph in run.glyphs if glyph.number not in (alone[0], alone[1], alone[2])]
    assert len(shown) >= 2


def test_a_file_is_sound_however_many_objects_it_has() -> None:
    """Also where the small ones fill their streams to the last place: none is left empty."""
    for many in range(180, 205):
        found = objects(written(*map(str, range(many))))
        assert all(packed(body) for body in found.values() if b"/Type/ObjStm" in body)
