"""The HTML report in a real browser after somebody had their hands on it: it is never intact, shows only what holds, and lets nothing out or in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage import canonical, rotation, tree
from storage.cosigning import Cosigned, Witness, WitnessKey
from storage.database import SqliteStore
from storage.export.copy import Copy
from storage.export.html import html
from storage.export.making import make
from storage.facts import CheckpointCosigned
from storage.notes import Signer, Verifier
from tests.storage.doctored import WEAK
from tests.storage.moments import at
from tests.storage.reports import HOSTILE, asked, changed, fill, minutes, parsed
from tests.storage.small import NOW
from tests.stories.chromium import Page
from tests.stories.report_opened import intact as intact
from tests.stories.report_opened import page as page
from tests.stories.report_opened import store as store
from tests.stories.report_opened import verdict

pytestmark = pytest.mark.asyncio(loop_scope="module")


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


async def test_another_time_zone_is_tampering(page: Page, intact: Path, store: SqliteStore, tmp_path: Path) -> None:
    """The zone of the page is signed with its checkpoint: under another, or one of another page, it is tampered with, and times are told in UTC."""
    text = intact.read_text()
    seal = parsed(text).seal
    said = json.loads(seal)
    await page.open(intact)
    assert await verdict(page) == "Intact"
    assert await page.value("clock.zone") == "Europe/Brussels"
    signed = said["page"]
    forged = {
        "changed": signed.replace("Europe/Brussels", "Asia/Tokyo"),
        "of another page": store.signer.sign(f"tocsin-report\n{'0' * 64}\n" + '{"names":{},"zone":"Asia/Tokyo"}\n'),
        "none": "",
    }
    for name, zone in forged.items():
        path = tmp_path / f"{name}.html"
        path.write_text(text.replace(seal, canonical.write(said | {"page": zone})))
        await page.open(path)
        assert await verdict(page) == "Tampered"
        assert await page.value("clock.zone") == "UTC"
        assert "The time zone and the names of this page are not those that were signed" in await page.text()
    path = tmp_path / "attribute.html"
    path.write_text(text.replace('<html lang="en">', '<html lang="en" data-zone="Asia/Tokyo">'))
    await page.open(path)
    assert await page.value("clock.zone") == "Europe/Brussels"


async def test_a_key_without_a_private_key_is_none(page: Page, intact: Path) -> None:
    """A page refuses every key of small order and every one that is no point, as a log's key and as a partner's."""
    await page.open(intact)
    refused = "(() => {{ try {{ keyOf({vkey}, {kind}); return false; }} catch {{ return true; }} }})()"
    for public in WEAK:
        for vkey, kind in ((Verifier("liege", public).vkey, 1), (Witness("fire.example", public).vkey, 4)):
            assert await page.value(refused.format(vkey=json.dumps(vkey), kind=kind)) is True
    good = Signer("liege", Ed25519PrivateKey.generate()).verifier.vkey
    assert await page.value(refused.format(vkey=json.dumps(good), kind=1)) is False


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


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + "<section class='verdict intact'><h2>FORGED</h2></section>",
        lambda text: text + "<dialog open>FORGED</dialog><details open>FORGED</details>",
        lambda text: text.replace("</html>", "<p>FORGED</p></html><p>FORGED</p>"),
        lambda text: text.replace("<body>", "<body hidden class='FORGED'>"),
        lambda text: text.replace("<html ", "<html hidden ", 1),
    ],
    ids=["a section", "a dialogue", "behind the end", "hidden body", "hidden page"],
)
async def test_what_stands_behind_the_program_is_not_shown(
    page: Page, intact: Path, change: Callable[[str], str]
) -> None:
    """What somebody wrote behind the last script, or said of the page as a whole, is gone when the verdict is there, which everybody can see."""
    intact.write_text(change(intact.read_text()))
    await page.open(intact)
    assert "FORGED" not in await page.value(
        "document.documentElement.outerHTML.replace(/<script[^]*?<\\/script>/g, '')"
    )
    assert (
        await page.value(
            "document.querySelector('.verdict').checkVisibility() && document.querySelectorAll('.verdict').length"
        )
        == 1
    )


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


async def test_others_who_signed_and_earlier_keys(page: Page, store: SqliteStore, tmp_path: Path) -> None:
    """A partner's cosignature and the chain of keys are checked, told, and a false one is tampering."""
    await fill(store)
    await store.sign(NOW)
    note = await store.checkpoint("I-1")
    assert note is not None
    partner = WitnessKey.new("fire.example.org")
    cosigned = partner.cosign(note, minutes(55))
    fact = CheckpointCosigned(13, "", "fire", partner.witness.vkey, cosigned, True)
    await store.append("I-1", fact, now=minutes(56))
    older = Signer("liege", Ed25519PrivateKey.generate())
    link = rotation.link(older, store.signer, NOW)

    class Evidenced:
        def __init__(self, copy: Copy, note: str) -> None:
            self.about, self.playbooks, self.lines, self.sign = copy.about, copy.playbooks, copy.lines, copy.sign
            self.naming = copy.naming
            self.keys = [link]
            self.cosigned = [Cosigned(note, "fire", partner.witness.vkey)]

    async def written(path: Path, note: str) -> Path:
        async def form(copy: Copy, out: BinaryIO) -> None:
            await html(Evidenced(copy, note), out)

        await make(store, asked(), form, path, now=at(minutes(60)))
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
