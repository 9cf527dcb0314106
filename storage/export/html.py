"""The report: one HTML file that a browser opens from the file system, checks by itself, and shows only as far as it holds.

The file carries the entries and what is shown of them as in the bundle, and a program (``report/*.js``) that hashes them, holds them against
the signed checkpoint, and only then tells what they say. There is no second text beside them that could say otherwise; for whom, by whom and why
the copy was made is read from the entry that records it. The time zone, and what partners and areas are called, are signed
beside the checkpoint; UTC stands beside every local time.

| in the file | what it holds |
|---|---|
| ``#seal`` | canonical JSON {"key", "keys", "note", "cosigned", "page"}: our public key, the chain to it, the signed checkpoint, what partners signed, the page |
| ``.log`` | blocks of lines: the leaf's hash in hexadecimal, TAB, the entry, TAB, what is shown of it |

In both, ``<`` is written ``\\u003c``, so that nothing in the log can end the element; otherwise it is the bundle's canonical JSON (RFC 8785), and
a character that differs is noticed. ``page`` is a note that the same key signed: see ``page_text``. A policy in the page forbids every connection, and every program and style but those whose hash it names.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import BinaryIO

from storage import canonical, tree
from storage.export.copy import About, Copy, Line
from storage.export.naming import Naming
from storage.export.wording import LANGUAGES, fitting, table
from storage.facts.fact import is_exercise
from storage.store import StorageError

REPORT = Path(__file__).with_name("report")

SCRIPTS = (
    "digest.js",
    "signature.js",
    "log.js",
    "words.js",
    "kinds.js",
    "elements.js",
    "account.js",
    "sections.js",
    "timeline.js",
    "report.js",
)
"""The program's files, in the order in which each needs the ones before it."""

MOST_ENTRIES = 500_000
"""So many a browser still holds in its memory (about a gigabyte); a longer log is for the other forms."""

_BLOCK = 48 * 1024
"""Bytes of lines in one element: below what a browser would cut into several pieces of text (65,536 characters)."""

_OPENING = """\
<!doctype html>
<html lang="{language}"{chosen}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>Tocsin</title>
<style>{style}</style>
</head>
<body>
<main>
<div class="verdict checking">
<p class="word">{unchecked}</p>
{more}
</div>
<noscript>{exercise}
{plain}
</noscript>
</main>
<script type="application/json" id="seal">{seal}</script>
"""


async def html(copy: Copy, out: BinaryIO) -> None:
    """Write the report of a copy (a ``Form``). Raises StorageError for a log that a browser cannot hold, before anything is written."""
    about = copy.about
    if about.checkpoint.size > MOST_ENTRIES:
        raise StorageError(
            f"a log of {about.checkpoint.size:,} entries is too long for one page in a browser "
            f"(at most {MOST_ENTRIES:,}): export it as bundle, csv or jsonl"
        )
    program = "\n".join((_words(), *((REPORT / name).read_text("utf-8") for name in SCRIPTS)))
    out.write(_opening(about, _seal(copy), program).encode())
    block = bytearray()
    async for line in copy.lines():
        block += _line(line)
        if len(block) > _BLOCK:
            out.write(_element(block))
            block.clear()
    if block:
        out.write(_element(block))
    out.write(f"<script>{program}</script>\n</body>\n</html>\n".encode())


def _seal(copy: Copy) -> bytes:
    """What is signed. Whose a cosignature is is told by the key alone and not by a name: the log itself says whose key it is."""
    by_key = {one.vkey: one.note for one in copy.cosigned}
    cosigned = [{"note": note, "vkey": vkey} for vkey, note in sorted(by_key.items())]
    about = copy.about
    seal = {
        "key": about.vkey,
        "keys": list(copy.keys),
        "note": about.note,
        "cosigned": cosigned,
        "page": copy.sign(page_text(about, copy.naming)),
    }
    return _inert(canonical.encode(seal))


def page_text(about: About, naming: Naming) -> str:
    """What is signed for a page, as canonical JSON {"names": {"alerts", "areas", "partners"}, "zone"}: for its checkpoint only, so that it cannot be taken
    from another page."""
    said = canonical.write({"names": naming.words(), "zone": about.zone})
    return f"tocsin-report\n{sha256(about.note.encode()).hexdigest()}\n{said}\n"


def _opening(about: About, seal: bytes, program: str) -> str:
    style = (REPORT / "report.css").read_text("utf-8")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_source(program)}'",
            f"style-src '{_source(style)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )
    first = fitting(about.recipient.language)
    languages = sorted(LANGUAGES, key=lambda language: language != first)
    return _OPENING.format(
        policy=policy,
        style=style,
        language=first,
        chosen=' data-chosen=""' if about.recipient.chosen else "",
        unchecked=" · ".join(table(language)["words"]["notChecked"] for language in languages),
        more=_in_each(languages, "notCheckedMore"),
        plain=_in_each(languages, "noScript"),
        exercise=_exercise(languages) if is_exercise(about.stream) else "",
        seal=seal.decode(),
    )


def _words() -> str:
    """The tables of words as the program has them, in its own order of languages."""
    tables = {language: table(language) for language in LANGUAGES}
    return f"const WORDS = {_inert(json.dumps(tables, ensure_ascii=False).encode()).decode()};"


def _in_each(languages: Iterable[str], key: str) -> str:
    """One of our sentences in each language, a paragraph each."""
    return "\n".join(f'<p lang="{language}">{escape(table(language)["words"][key])}</p>' for language in languages)


def _exercise(languages: Iterable[str]) -> str:
    words = dict.fromkeys(table(language)["words"]["exercise"] for language in languages)
    return f"\n<p><strong>{' · '.join(' '.join([word] * 3) for word in words)}</strong></p>"


def _line(line: Line) -> bytes:
    shown = canonical.encode([list(one) for one in line.shown])
    return b"\t".join((tree.leaf_hash(line.entry).hex().encode(), _inert(line.entry), _inert(shown))) + b"\n"


def _inert(json: bytes) -> bytes:
    """JSON in which nothing can end a script or begin a comment; ``<`` stands in texts only, where this is the same character."""
    return json.replace(b"<", rb"\u003c")


def _element(block: bytes | bytearray) -> bytes:
    return b'<script type="application/json" class="log">\n' + bytes(block) + b"</script>\n"


def _source(text: str) -> str:
    """A program or style as a Content Security Policy names it: by its hash (CSP Level 3 §2.3.1)."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
