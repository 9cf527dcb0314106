"""The HTML report in a real browser, opened from the file system: it checks itself, shows only what holds, and lets nothing out or in."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import canonical, rotation, tree
from storage.cosigning import Cosigned, Cosigner
from storage.database import SqliteStore, open_store
from storage.export.copy import Copy
from storage.export.html import html
from storage.export.making import make
from storage.facts import CheckpointCosigned, NoteAdded
from storage.notes import Signer
from storage.store import Changes
from tests.storage.reports import FIRE, HOSTILE, asked, changed, fill, minutes, parsed, report
from tests.storage.small import DIGEST, NOW, ROOM
from tests.stories.chromium import Page, browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def page(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Page]:
    """A browser for all of these tests."""
    async with browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An empty store of the deployment ``liege``."""
    opened = await open_store(tmp_path / "data", "liege")
    yield opened
    await opened.close()


@pytest_asyncio.fixture(loop_scope="module")
async def intact(store: SqliteStore, tmp_path: Path) -> Path:
    """The report of the small incident for an auditor: fourteen entries, the last of which says that it was made."""
    await fill(store)
    return await report(store, tmp_path / "report.html")


async def verdict(page: Page) -> str:
    """What the page says of itself, in its own large letters."""
    return str(await page.value("document.querySelector('.verdict .word').innerText"))


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
    assert "police never answered" in cells["alertsTitle"]
    assert "fire matrix:!fire:example.org 1 0 0 0 0" in cells["deliveries"]
    assert "Refused by the network no such room" in cells["deliveries"]
    assert "May or may not have arrived the network was gone" in cells["deliveries"]
    assert "A-1 action fire in full: Quai évacué line 12 emric" in cells["disclosures"]
    assert "A-1 people fire withheld: label too high (red) line 14" in cells["disclosures"]


SECTIONS = ("leads", "alertsTitle", "deliveries", "disclosures", "timeline")


@pytest.mark.parametrize(
    ("line", "column", "find"),
    [
        (0, 1, "2026-"),
        (7, 1, "MessageUnknown"),
        (11, 2, "pont"),
        (12, 2, "A-1"),
        (5, 0, ""),
        (13, 2, "inquiry"),
        (3, 1, "_sd"),
    ],
)
async def test_one_changed_character_is_named(page: Page, intact: Path, line: int, column: int, find: str) -> None:
    """After one character of the data is changed, the file says which entry was tampered with, and does not show that entry."""
    intact.write_text(changed(intact.read_text(), line, column, find))
    await page.open(intact)
    assert await verdict(page) == f"Tampered: entry {line}"
    shown = await page.value("(timeline.reset(''), timeline.list.innerText)")
    assert f"Entry {line}: Tampered: not shown" in shown
    assert not re.search(rf"#{line}\b", shown)
    assert "xont est" not in await page.text()


async def test_whichever_character_is_changed_it_is_tampered(page: Page, intact: Path) -> None:
    """Every thirteenth character of the log and every one of what is signed, changed alone: never intact, and the entry is always named."""
    await page.open(intact)
    missed = await page.value("""(async () => {
      const seal = document.getElementById("seal").textContent;
      const [block] = Array.from(document.querySelectorAll("script.log"), (one) => one.textContent);
      const missed = [];
      const other = (text, at) => text.slice(0, at) + (text[at] === "x" ? "y" : "x") + text.slice(at + 1);
      const check = (sealed, text) => verifyLog(sealed, [text], () => {}, () => {});
      let line = -1;
      for (let at = 0; at < block.length; at++) {
        if (block[at] === "\\n") line += 1;
        else if (at % 13 === 0) {
          const { findings } = await check(seal, other(block, at));
          if (findings[0]?.entry !== line) missed.push(["log", at, line, findings]);
        }
      }
      for (let at = 0; at < seal.length; at++) {
        const { findings } = await check(other(seal, at), block);
        if (!findings.length) missed.push(["seal", at, findings]);
      }
      return missed;
    })()""")
    assert missed == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("lines.pop()", "Tampered: entry 13"),
        ("lines.splice(4, 1)", "Tampered: entry 4"),
        ("lines.splice(4, 0, lines[4])", "Tampered: entry 4"),
        ("lines.splice(4, 2, lines[5], lines[4])", "Tampered: entry 4"),
        ("lines.push(lines[0])", "Tampered: entry 0"),
        ("lines.splice(0)", "Tampered: entry 0"),
        ("lines[6] = lines[6].replace(/\\[.*$/, '[]'.padEnd(3)) ", "Tampered: entry 6"),
        ("[lines[8], lines[9]] = [9, 8].map((n, i) => lines[8 + i].replace(/[^\\t]*$/, lines[n].split('\\t')[2]))", "Tampered: entry 8"),
    ],
    ids=["cut", "dropped", "doubled", "swapped", "again at the end", "emptied", "withheld by hand", "disclosures swapped"],
)  # fmt: skip
async def test_entries_cannot_be_moved(page: Page, intact: Path, change: str, says: str) -> None:
    """Entries cut, dropped, doubled or swapped, and what is shown of them exchanged: each time the first one is named."""
    await page.open(intact)
    found = await page.value(f"""(async () => {{
      const lines = document.querySelector("script.log").textContent.trim().split("\\n");
      {change};
      const verdict = await verifyLog(document.getElementById("seal").textContent, ["\\n" + lines.join("\\n") + "\\n"], () => {{}}, () => {{}});
      return verdictBox(verdict).querySelector(".word").textContent;
    }})()""")
    assert found == says


async def test_another_signature_or_root_shows_nothing(
    page: Page, store: SqliteStore, intact: Path, tmp_path: Path
) -> None:
    """Under another key, signature or root nothing of the log is shown, for nothing of it agrees with what was signed."""
    text = intact.read_text()
    seal = parsed(text).seal
    said = json.loads(seal)
    other = Signer("liege", Ed25519PrivateKey.generate())
    note = said["note"]
    lines = note.split("\n")
    forged = {
        "key": said | {"key": other.verifier.vkey},
        "signature": said | {"note": other.sign("\n".join(lines[:3]) + "\n")},
        "root": said | {"note": note.replace(lines[2], "A" * 43 + "=")},
        "size": said | {"note": note.replace("\n14\n", "\n13\n")},
    }
    for name, one in forged.items():
        path = tmp_path / f"{name}.html"
        path.write_text(text.replace(seal, canonical.write(one)))
        await page.open(path)
        assert await verdict(page) == "Tampered"
        assert "nothing of it is shown" in await page.text()
        assert "Crue" not in await page.text()
    root = canonical.write(said | {"note": store.signer.sign(f"liege/I-1\n14\n{'A' * 43}=\n")})
    intact.write_text(text.replace(seal, root))
    await page.open(intact)
    assert "The entries do not have the root that was signed." in await page.text()
    assert "Crue" not in await page.text()


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


async def test_nothing_leaves_the_page(page: Page, intact: Path) -> None:
    """The page asks for nothing but itself, and even a program inside it can reach nobody and write no markup."""
    reached: list[str] = []

    async def anybody(request: web.Request) -> web.Response:
        reached.append(request.path)
        return web.Response(headers={"Access-Control-Allow-Origin": "*"})

    server = web.Application()
    server.router.add_route("*", "/{path:.*}", anybody)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        await page.open(intact)
        assert [one for one in page.requests if not one.startswith("data:")] == [intact.as_uri()]
        [(_, port)] = [one.getsockname() for one in site._server.sockets]  # type: ignore[union-attr]
        tried = await page.value(f"""(async () => {{
          const there = "http://127.0.0.1:{port}/";
          const failed = [];
          await fetch(there + "fetch").catch(() => failed.push("fetch"));
          await new Promise((done) => Object.assign(new Image(), {{ onerror: () => done(failed.push("image")), onload: done, src: there + "image" }}));
          try {{ new WebSocket(there.replace("http", "ws")); }} catch {{ failed.push("socket"); }}
          if (!navigator.sendBeacon(there + "beacon")) failed.push("beacon");
          try {{ document.body.innerHTML = "<b>x</b>"; }} catch {{ failed.push("markup"); }}
          try {{ eval("1"); }} catch {{ failed.push("eval"); }}
          document.body.append(Object.assign(document.createElement("iframe"), {{ src: there + "frame" }}));
          return failed;
        }})()""")
        assert {"fetch", "image", "markup", "eval"} <= set(tried)
        assert reached == []
    finally:
        await runner.cleanup()


async def test_what_was_added_to_the_page_is_not_shown(page: Page, intact: Path) -> None:
    """Text that somebody writes beside the log goes before anything is shown, and a program of theirs does not run."""
    added = "<p>And the mayor was told at 7.</p><script>window.hacked = 1</script><style>p { color: red }</style>"
    intact.write_text(intact.read_text().replace("<body>", f"<body>{added}"))
    await page.open(intact)
    assert await verdict(page) == "Intact"
    assert "the mayor was told" not in await page.text()
    assert await page.value("typeof window.hacked") == "undefined"


async def test_a_changed_program_does_not_run(page: Page, intact: Path) -> None:
    """With its program changed the page says, in both languages, that it is not checked, and shows nothing of the log."""
    intact.write_text(
        intact.read_text()
        .replace('say("findRoot"', 'say("intact"')
        .replace("if (!good && !found", "if (good && !found")
    )
    await page.open(intact)
    text = await page.text()
    assert "Not checked" in text and "Non vérifié" in text
    assert "Intact" not in text and "Crue" not in text


async def test_it_speaks_french(page: Page, intact: Path) -> None:
    """A French browser shows it in French, the control in either; times are those of the zone, with UTC beside them."""
    await page.open(intact, language="fr")
    text = await page.text()
    for said in (
        "Intact",
        "À propos de cette copie",
        "un auditeur (tout)",
        "jamais répondu",
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


@pytest.mark.parametrize("text", ["every word", "phrase"])
async def test_every_word_has_both_languages(page: Page, intact: Path, text: str) -> None:
    """No word of the page lacks one of its languages, nor a name to be filled in that the other has."""
    await page.open(intact)
    table = "WORDS" if text == "phrase" else "CODES"
    lacking = await page.value(f"""Object.entries({table}).filter(([, words]) => words.length !== 2 || words.some((word) => !word)
      || new Set(words.map((word) => (word.match(/\\{{\\w+\\}}/g) ?? []).sort().join())).size > 1).map(([key]) => key)""")
    assert lacking == []


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


async def test_others_who_signed_and_earlier_keys(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """A partner's cosignature and the chain of keys are checked, told, and a false one is tampering."""
    await fill(store)
    await store.sign(NOW)
    note = await store.checkpoint("I-1")
    assert note is not None
    partner = Cosigner.new("fire.example.org")
    cosigned = partner.cosign(note, minutes(55))
    fact = CheckpointCosigned(13, "", "fire", partner.witness.vkey, cosigned, True)
    await store.append("I-1", fact, now=minutes(56))
    older = Signer("liege", Ed25519PrivateKey.generate())
    link = rotation.link(older, store.signer, NOW)

    class Evidenced:
        def __init__(self, copy: Copy, note: str) -> None:
            self.about, self.playbooks, self.lines = copy.about, copy.playbooks, copy.lines
            self.keys = [link]
            self.cosigned = [Cosigned(note, "fire", partner.witness.vkey)]

    async def written(path: Path, note: str) -> Path:
        async def form(copy: Copy, out: BinaryIO) -> None:
            await html(Evidenced(copy, note), out)

        await make(store, asked(), form, path, now=minutes(60))
        return path

    await page.open(await written(tmp_path / "good.html", cosigned))
    assert await verdict(page) == "Intact"
    said = re.sub(r"\s+", " ", str(await page.value("document.getElementById('key').innerText")))
    assert "fire, by the playbook 12 Sunday, 1 March 2026, 09:55:00" in said
    for vkey in (partner.witness.vkey, older.verifier.vkey):
        assert sha256(vkey.encode()).hexdigest()[:32] in said.replace(" ", "")
    other = store.signer.sign(note.split("\n\n")[0].replace(note.split("\n")[2], "A" * 43 + "=") + "\n")
    await page.open(await written(tmp_path / "bad.html", partner.cosign(other, NOW)))
    assert await verdict(page) == "Tampered"
    assert "A checkpoint that a partner signed does not fit this log." in await page.text()


async def test_it_computes_what_the_program_computes(page: Page, intact: Path) -> None:
    """Hashes, trees, disclosure digests, canonical JSON and signatures in the browser are those of the program, in the page's own arithmetic too."""
    await page.open(intact)
    for length in (0, 1, 55, 56, 63, 64, 111, 112, 119, 128, 1000):
        data = bytes(n * 7 % 256 for n in range(length))
        array = f"Uint8Array.from({list(data)})"
        assert await page.value(f"[hex(sha256({array})), hex(sha512({array}))]") == [
            sha256(data).hexdigest(),
            sha512(data).hexdigest(),
        ]
    roots = await page.value("""(() => { const tree = new Tree(); const roots = [hex(tree.root)];
      for (let n = 0; n < 40; n++) { tree.grow(leafHash(String(n))); roots.push(hex(tree.root)); } return roots; })()""")
    leaves = [tree.leaf_hash(str(n).encode()) for n in range(40)]
    assert roots == [tree.root_of(leaves[:n]).hex() for n in range(41)]
    values: list[Any] = [
        *HOSTILE, "", "\t\n\r\b\f\"\\/", -1, 0, 2**53 - 1, True, None, [], {}, {"\U0001f691": 1, "\ufb33": 2, "a": [None], "\u20ac": "é", "1": {}},
        {"b": {"d": 1, "c": 2}, "a": "x" * 70_000},
    ]  # fmt: skip
    for value in values:
        text = canonical.write(value)
        assert await page.value(f"canonical(JSON.parse({json.dumps(text)}))") == text
        assert await page.value(f"disclosureDigest({json.dumps(text)})") == canonical.disclosure_digest(text)
    for wrong in (
        "1.5",
        "9007199254740993",
        '{"a":1,"a":2}',
        '"\\u0041"',
        "1e2",
        "-0",
        '{"b":1,"a":2}',
        '"\\ud800"',
        " 1",
        "01",
    ):
        assert (
            await page.value(
                f"(() => {{ try {{ readJson({json.dumps(wrong)}); return true; }} catch {{ return false; }} }})()"
            )
            is False
        )
    for number in range(6):
        key = Ed25519PrivateKey.from_private_bytes(sha256(bytes([number])).digest())
        message, public = bytes(range(number * 40)), key.public_key().public_bytes_raw()
        signature = key.sign(message)
        for given, good in (
            (signature, True),
            (signature[:-1] + b"\x00", False),
            (bytes(64), False),
            (
                signature[:32]
                + (int.from_bytes(signature[32:], "little") + 2**252 + 27742317777372353535851937790883648493).to_bytes(
                    32, "little"
                ),
                False,
            ),
        ):
            arguments = ", ".join(f"Uint8Array.from({list(one)})" for one in (public, given, message))
            assert await page.value(f"verifiesHere({arguments})") is good
            assert await page.value(f"verifies({arguments})") is good


async def test_without_the_browsers_own_signatures(page: Page, intact: Path) -> None:
    """A browser that does not know Ed25519 reaches the same verdict by the page's own arithmetic."""
    script = await page.ask("Page.addScriptToEvaluateOnNewDocument", source="delete Crypto.prototype.subtle;")
    try:
        await page.open(intact)
        assert await page.value("typeof crypto.subtle") == "undefined"
        assert await verdict(page) == "Intact"
    finally:
        await page.ask("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


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
