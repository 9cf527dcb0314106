"""The HTML report in a real browser, opened from the file system: what it shows, to whom, and that hostile text stays text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from storage.database import SqliteStore
from storage.export.html import html
from storage.facts import AlertAddressed, AlertIssued, AlertSuperseded, Disclosed, NoteAdded
from storage.store import Changes
from tests.storage.crisis import copied, played
from tests.storage.reports import FIRE, HOSTILE, changed, fill, report, story
from tests.storage.small import DIGEST, NOW, ROOM
from tests.stories.chromium import Page
from tests.stories.report_opened import intact as intact
from tests.stories.report_opened import page as page
from tests.stories.report_opened import store as store
from tests.stories.report_opened import verdict

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_intact_report_says_so_and_for_whom_it_is(page: Page, store: SqliteStore, intact: Path) -> None:
    """It says Intact only after it has checked itself, and tells for whom, by whom, why, by which right, over which checkpoint and key."""
    await page.open(intact)
    assert await verdict(page) == "Intact"
    assert await page.value("document.title") == "I-1 · Intact · Tocsin"
    text = await page.text()
    for said in (
        "an auditor (everything)",
        "the operator",
        "inquiry",
        "Art. 12",
        "meuse-flood",
        "liege",
        "every detail",
    ):
        assert said in text
    [head] = await store.heads()
    compact = text.replace(" ", "")
    assert head.root.hex() in compact
    assert sha256(store.signer.verifier.vkey.encode()).hexdigest()[:32] in compact
    assert page.complaints == []


async def test_it_tells_who_led_who_answered_and_what_arrived(page: Page, intact: Path) -> None:
    """Leads with their interval and basis, answers with their delay, silence, what was refused or is unknown, and who was shown what."""
    await page.open(intact)
    text = {name: await page.value(f"document.getElementById('{name}').innerText") for name in SECTIONS}
    cells = {name: re.sub(r"\s+", " ", said) for name, said in text.items()}
    assert (
        "operational · be fire fire 09:00:00 08:00:00 UTC 09:20:00 08:20:00 UTC 20 min Loi du 15 mai 2007"
        in cells["leads"]
    )
    assert "operational · be police police 09:20:00 08:20:00 UTC" in cells["leads"]
    assert "issued 09:02:00 (08:02:00 UTC) by city #2 · cancelled 09:40:00 (08:40:00 UTC) #12" in cells["alertsTitle"]
    assert "A-1: 1 of 2 answered" in cells["alertsTitle"]
    assert "fire acting 4 min 09:06:00 08:06:00 UTC P-3 button" in cells["alertsTitle"]
    assert "police none before it was cancelled at 09:40:00" in cells["alertsTitle"]
    assert "fire matrix:!fire:example.org 1 0 0 0 0" in cells["deliveries"]
    assert "Refused by the network no such room" in cells["deliveries"]
    assert "May or may not have arrived the network was gone" in cells["deliveries"]
    assert "A-1 action fire in full: Quai évacué line 12 emric" in cells["disclosures"]
    assert "A-1 people fire withheld: label too high (red) line 14" in cells["disclosures"]


async def test_nobody_is_blamed_for_silence_who_was_not_asked(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """Whoever issued an alert is not counted among those who should answer; of one that was replaced it says by which and when, not in red."""
    issued = next(fact for fact, _ in story() if isinstance(fact, AlertIssued))
    there = {name: {"status": "shown", "rooms": []} for name in ("city", "fire", "police")}
    more = (replace(issued, alert="A-2"), AlertAddressed("A-2", there), AlertSuperseded("A-2", "A-3"))
    await fill(store, "I-1", *more)
    await page.open(await report(store, tmp_path / "x.html"))
    said = await page.value(
        "[...document.querySelectorAll('.alert')].find((one) => one.innerText.startsWith('A-2')).innerText"
    )
    assert "A-2: 0 of 2 answered" in said
    assert "replaced by A-3 09:50:00" in said
    assert (
        re.findall(r"none before A-3 replaced it at 09:50:00|never answered", said)
        == ["none before A-3 replaced it at 09:50:00"] * 2
    )
    assert "city\t" not in said
    assert await page.value("document.querySelectorAll('.alert')[1].querySelectorAll('.lacking').length") == 0


async def test_partners_areas_and_alerts_have_their_names(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """What the playbook calls them stands in the page, the id of a partner behind its name; whoever has none there keeps its id."""
    (tmp_path / "x.html").write_bytes(await copied(await played(store), html, tmp_path / "x"))
    await page.open(tmp_path / "x.html")
    assert await verdict(page) == "Intact"
    leads, alerts = [
        await page.value(f"document.getElementById('{name}').innerText") for name in ("leads", "alertsTitle")
    ]
    assert "City" in leads and "city" not in leads and "fire" in leads
    assert "A-1 Evacuate" in alerts and "by City" in alerts
    assert "as an area: Town" in await page.value("document.getElementById('disclosures').innerText")
    assert await page.value("document.querySelector('#leads [title=city]').innerText") == "City"


async def test_fields_are_called_by_their_names(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """What stands in the log as ``?hourly:police`` or ``K-1/_decision`` is chosen and read as a check-in, and as the decision that it is of."""
    seen = {"form": "exact", "value": "ok", "rule": 3, "agreements": [], "basis": None}
    shown = {
        "?hourly:police": seen,
        "?hourly:fire": seen,
        "K-1/_decision": seen,
        "_r:fire:safe": seen,
        "#ops:S-3": seen,
    }
    await fill(store, "I-1", Disclosed("s-9", "C-1", "fire", ROOM, "fr", "GREEN", 1, shown))
    await page.open(await report(store, tmp_path / "x.html"))
    options = await page.value("[...document.querySelectorAll('#disclosures option')].map((one) => one.innerText)")
    assert {"check-in hourly", "decision", "r", "K-1", "S-3", "C-1"} <= set(options)
    assert [one for one in options if one.startswith(("?", "_")) or "/" in one or ":" in one] == []
    said = re.sub(r"\s+", " ", await page.value("document.getElementById('disclosures').innerText"))
    for passage in (
        "C-1 check-in hourly (police) fire",
        "K-1 decision fire",
        "C-1 r (fire: safe) fire",
        "S-3 #ops fire",
    ):
        assert passage in said


SECTIONS = ("leads", "alertsTitle", "deliveries", "disclosures", "timeline")


async def test_a_partners_copy_verifies_and_says_what_is_withheld(
    page: Page, store: SqliteStore, tmp_path: Path
) -> None:
    """A copy of which most is withheld is intact all the same, has every entry, and counts what is not shown."""
    await fill(store)
    await page.open(await report(store, tmp_path / "fire.html", recipient=FIRE))
    assert await verdict(page) == "Intact"
    text = await page.text()
    assert re.search(r"\d+ details are withheld, \d+ are shown. No entry is left out", text)
    assert "Le pont est fermé" not in text
    assert await page.value("(timeline.reset(''), timeline.list.querySelectorAll('.row').length)") == 14
    [row] = [line for line in str(await page.value("timeline.list.innerText")).split("#") if "Note" in line]
    assert "withheld" in row


async def test_hostile_text_stays_text(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """Markup, line separators, characters that turn text round, and huge words are shown as text, run nothing, and break no line of the page."""
    await fill(store, "I-1", *(NoteAdded("P-1", None, ROOM, text) for text in HOSTILE))
    path = await report(store, tmp_path / "hostile.html")
    for width in (390, 1400):
        await page.open(path, width=width)
        assert await verdict(page) == "Intact"
        assert await page.value("typeof window.hacked") == "undefined"
        assert await page.value("document.querySelectorAll('img, iframe, body style').length") == 0
        await page.value("document.querySelectorAll('#timeline summary').forEach((one) => one.click())")
        assert await page.value("document.documentElement.scrollWidth") <= width
        text = await page.text()
        assert "</script><script>window.hacked = 1</script>" in text
        assert "U+202E" in text and "U+2028" in text
        assert "\u202e" not in text and "\u2028" not in text
    assert page.complaints == []


async def test_it_speaks_french(page: Page, intact: Path) -> None:
    """A French browser shows it in French, the control in either; times are those of the zone, with UTC beside them."""
    await page.open(intact, language="fr")
    text = await page.text()
    for said in (
        "Intact",
        "À propos de cette copie",
        "un auditeur (tout)",
        "aucune avant son annulation à 09:40:00",
        "dimanche 1 mars 2026",
        "09:00:00 08:00:00 UTC",
    ):
        assert said in text, said
    assert await page.value("document.documentElement.lang") == "fr"
    await page.value("document.querySelector('.languages [lang=en]').click()")
    assert "About this copy" in await page.text()
    assert await page.value("document.documentElement.lang") == "en"
    intact.write_text(changed(intact.read_text(), 3, 1, "2026"))
    await page.open(intact, language="fr")
    assert await verdict(page) == "Altéré\u00a0: entrée 3"


@pytest.mark.parametrize(
    ("language", "word", "day"),
    [
        ("nl-BE", "Over deze kopie", "zondag 1 maart 2026"),
        ("de", "Über diese Kopie", "Sonntag, 1. März 2026"),
        ("it", "Su questa copia", "domenica 1 marzo 2026"),
        ("es-ES", "Sobre esta copia", "domingo, 1 de marzo de 2026"),
        ("pl", "About this copy", "Sunday"),
    ],
)
async def test_it_speaks_the_readers_language(page: Page, intact: Path, language: str, word: str, day: str) -> None:
    """A browser's language is that of the report, where there are words in it; every language can be chosen."""
    await page.open(intact, language=language)
    text = await page.text()
    assert word in text and day in text
    assert len(await page.value("[...document.querySelectorAll('.languages button')].map((one) => one.innerText)")) == 6
    assert page.complaints == []


@pytest.mark.usefixtures("intact")
async def test_a_language_that_was_asked_for_goes_before_the_browsers(
    page: Page, store: SqliteStore, tmp_path: Path
) -> None:
    """A copy made with a language opens in it, whatever the browser's is."""
    asked = replace(FIRE, language="de", chosen=True)
    await page.open(await report(store, tmp_path / "de.html", recipient=asked), language="nl-BE")
    assert "Über diese Kopie" in await page.text()
    assert await page.value("document.documentElement.lang") == "de"


async def test_what_is_not_shown_is_folded(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """Entries after each other of which nothing is shown share a row that says how many of which kind, and opens to each of them."""
    await fill(store, "I-1", *(NoteAdded("P-9", "police", ROOM, "nobody else's business") for _ in range(5)))
    await page.open(await report(store, tmp_path / "fire.html", recipient=FIRE))
    await page.value("timeline.reset('')")
    fold = "[...timeline.list.querySelectorAll('.folded')].at(-1)"
    assert "5 entries of which nothing is shown" in await page.value(f"{fold}.innerText")
    assert "Note 5" in await page.value(f"{fold}.innerText")
    await page.value("timeline.go(15)")
    assert await page.value(f"{fold}.querySelector('[data-seq=\"15\"] details').open") is True
    assert "police" not in await page.text()


async def test_the_timeline_is_filtered(page: Page, intact: Path) -> None:
    """By kind, partner, number, words and time; the messages of an alert and a partner are found through what they were about."""
    await page.open(intact)

    async def found(**filters: str) -> list[int]:
        return list(await page.value(
            f"(timeline.reset(''), Object.assign(timeline.filters, {json.dumps(filters)}), timeline.find(), timeline.found.map((item) => item.seq))"
        ))  # fmt: skip

    assert len(await found()) == 14
    assert 6 not in await found(what="main")
    assert await found(what="NoteAdded") == [11]
    assert await found(partner="police") == [3, 5, 7, 10]
    assert await found(id="a-1 ") == [2, 3, 4, 5, 6, 7, 9, 12]
    assert await found(text="PONT EST") == [11]
    assert await found(text="acting") == [9]
    assert await found(**{"from": "2026-03-01T09:03", "until": "2026-03-01T09:20"}) == [7, 8, 9, 10]
    assert await found(text="salt") == []


async def test_an_exercise_cannot_be_mistaken(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """The report of an exercise says so in letters higher than any other, at both widths, in the reader's language."""
    await fill(store, "E-1")
    path = await report(store, tmp_path / "exercise.html", stream="E-1")
    for width, language, word in (
        (390, "fr", "EXERCICE EXERCICE EXERCICE"),
        (1400, "en", "EXERCISE EXERCISE EXERCISE"),
    ):
        await page.open(path, width=width, language=language)
        assert (await page.text()).startswith(word)
        height = "(one) => parseFloat(getComputedStyle(document.querySelector(one)).fontSize)"
        assert await page.value(f"[...document.querySelectorAll('h1, h2, .word')].every((one) => parseFloat(getComputedStyle(one).fontSize) <= ({height})('.exercise strong'))")  # fmt: skip
    assert "<strong>EXERCISE" in path.read_text()


async def test_a_long_log_opens_a_page_at_a_time(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """Thousands of entries are checked with a word on the progress, and of the timeline only a hundred rows are drawn."""
    facts = [NoteAdded("P-1", "fire", ROOM, f"note {number}") for number in range(4000)]
    await store.commit(Changes(NOW, records=[("I-1", DIGEST, fact) for fact in facts]))
    path = await report(store, tmp_path / "long.html")
    script = await page.ask("Page.addScriptToEvaluateOnNewDocument", source="""window.heard = [];
      new MutationObserver(() => { const said = document.querySelector(".checking [role=status]")?.textContent; if (said) heard.push(said); })
        .observe(document, { subtree: true, childList: true, characterData: true });""")  # fmt: skip
    try:
        await page.open(path)
    finally:
        await page.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
    assert await verdict(page) == "Intact"
    assert any(re.fullmatch(r"Checking this log… [1-9]\d? %", said) for said in await page.value("heard"))
    assert await page.value("document.querySelectorAll('#timeline .row').length") == 100
    assert "1–100 of 4,000 entries; the log has 4,001." in await page.text()
    await page.value("document.querySelector('.pages [data-where=last]').click()")
    assert "3,901–4,000 of 4,000 entries" in await page.text()
    await page.value("timeline.go(1234)")
    assert "note 1234" in await page.value("document.querySelector('[data-seq=\"1234\"] .inside').innerText")


async def test_it_can_be_used_without_seeing_it_or_a_mouse(page: Page, intact: Path) -> None:
    """Every control has a name, every part a heading, and the verdict is announced."""
    await page.open(intact)
    tree_ = (await page.ask("Accessibility.getFullAXTree"))["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree_
        if not node["ignored"] and "role" in node
    ]
    controls = [
        one
        for one in named
        if one[0] in ("button", "textbox", "searchbox", "combobox", "link", "DisclosureTriangle", "region")
    ]
    assert len(controls) > 40
    assert [one for one in controls if not one[1].strip()] == []
    assert ("heading", "Who led when") in named
    assert await page.value("document.querySelector('.verdict').getAttribute('role')") == "status"
    assert await page.value("[...document.querySelectorAll('[tabindex]')].every((one) => one.tabIndex <= 0)")


async def test_it_prints_more_than_the_screen_shows(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """On paper the whole timeline that was chosen is there, and what is only for the screen is not."""
    await fill(store, "I-1", *(NoteAdded("P-1", None, ROOM, f"note {number}") for number in range(150)))
    await page.open(await report(store, tmp_path / "long.html"))
    assert (await page.ask("Page.printToPDF"))["data"]
    assert (
        await page.value(
            "(dispatchEvent(new Event('beforeprint')), document.querySelectorAll('#timeline .row').length)"
        )
        == 158
    )
    await page.ask("Emulation.setEmulatedMedia", media="print")
    try:
        assert await page.value("getComputedStyle(document.querySelector('.filters')).display") == "none"
    finally:
        await page.ask("Emulation.setEmulatedMedia", media="")
        await page.value("dispatchEvent(new Event('afterprint'))")
    assert await page.value("document.querySelectorAll('#timeline .row').length") == 100


async def test_without_javascript_it_says_how_to_verify(page: Page, intact: Path) -> None:
    """A browser that runs no programs is told so in both languages, and by what else the log can be verified; nothing of it is hidden."""
    await page.ask("Emulation.setScriptExecutionDisabled", value=True)
    try:
        await page.open(intact)
        text = await page.text()
    finally:
        await page.ask("Emulation.setScriptExecutionDisabled", value=False)
    for said in (
        "Not checked · Non vérifié",
        "python3 verify.py FILE",
        "tocsin verify FICHIER",
        "a line for each entry",
    ):
        assert said in text
    assert "Le pont est fermé." in intact.read_text()
