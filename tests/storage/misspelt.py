"""Bundles whose keeper wrote something otherwise than it is written: digests of no digest's form, a manifest that lists itself, and playbooks that name a key
in all the ways that YAML has. Everything else about them is made consistent, and signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from hashlib import sha256

from storage import canonical
from storage.export import container
from storage.notes import Signer
from tests.storage.bundled import Files, lines, listed, resigned, signed_manifest

PLACE = 5
"""The entry that is written otherwise."""

Digests = Callable[[list[str]], list[object]]


def digests(bundle: bytes, signer: Signer) -> Iterator[tuple[str, bytes, int | None]]:
    """What each bundle is called, its bytes, and which entry must be named: the list of digests of an entry is not one, as a whole or in a part."""
    kinds: list[tuple[str, Digests]] = [
        ("two in one text", lambda all_: [f"{all_[0]} {all_[1]}", *all_[2:]]),
        ("two in one text, and one more", lambda all_: [f"{all_[0]} {all_[1]}", *all_[2:], "z" * 43]),
        ("three in one text", lambda all_: [" ".join(all_[:3]), *all_[3:]]),
        ("all in one text", lambda all_: [" ".join(all_)]),
        ("one with a space behind it", lambda all_: [f"{all_[0]} ", *all_[1:]]),
        ("one with a line's end behind it", lambda all_: [f"{all_[0]}\n", *all_[1:]]),
        ("one too short", lambda all_: [all_[0][:-1], *all_[1:]]),
        ("one too long", lambda all_: [f"{all_[0]}A", *all_[1:]]),
        ("one short and the next long by it", lambda all_: [all_[0][:-1], f"{all_[0][-1]}{all_[1]}", *all_[2:]]),
        ("an empty one", lambda all_: ["", *all_]),
        ("one in other digits", lambda all_: [*all_[1:], "\u0660" * 43]),
        ("one in the other base64", lambda all_: ["+" * 43, *all_[1:]]),
        ("two joined by a comma", lambda all_: [",".join(all_[:2]), *all_[2:]]),
        ('two joined by `","`', lambda all_: ['","'.join(all_[:2]), *all_[2:]]),
        ("a number", lambda all_: [1, *all_[1:]]),
        ("a list", lambda all_: [[all_[0]], *all_[1:]]),
        ("nothing", lambda all_: [None, *all_[1:]]),
    ]
    for what, change in kinds:
        yield f"digests: {what}", resigned(bundle, signer, _entry(change)), PLACE
        yield f"digests, of an entry that shows nothing: {what}", resigned(bundle, signer, _hidden(change)), PLACE


def _entry(change: Digests) -> Callable[[Files], None]:
    def apply(rows: list[bytes]) -> None:
        said = json.loads(rows[PLACE])
        found = change(said["_sd"])
        in_order = all(isinstance(one, str) for one in found)
        said["_sd"] = sorted(found, key=str) if in_order else found
        rows[PLACE] = canonical.encode(said)

    return lines("entries.jsonl", apply)


def _hidden(change: Digests) -> Callable[[Files], None]:
    """The same where nothing is shown of the entry, whose digests nothing else is held against."""

    def apply(files: Files) -> None:
        _entry(change)(files)
        lines("disclosures.jsonl", lambda rows: rows.__setitem__(PLACE, b"[]"))(files)

    return apply


def manifests(bundle: bytes, signer: Signer) -> Iterator[tuple[str, bytes]]:
    """What each bundle is called, and its bytes: its manifest lists itself or its own signature."""
    files = container.unpack(bundle)
    said = listed(json.loads(files["manifest.json"]), files)
    for name in ("manifest.json", "manifest.sig"):
        for what, value in (
            ("of what it was", sha256(files[name]).hexdigest()),
            ("of nothing", ""),
            ("that is null", None),
            ("that is a number", 0),
        ):
            other = said | {"files": said["files"] | {name: value}}
            yield (
                f"{name} listed in the manifest with a digest {what}",
                container.pack(files | signed_manifest(other, signer)),
            )


def _fire(*rows: str, partner: str = "  fire:", before: str = "", behind: str = "") -> str:
    said = "".join(f"    {row}\n" for row in rows)
    return f"{before}partners:\n  police:\n    name: P\n{partner}\n{said}  nobody:\n    name: N\n{behind}"


def spellings(key: str) -> Iterator[tuple[str, str, bool | None]]:
    """What each is called, the playbook, and whether it is read that it names this key as fire's; None: that cannot be read."""
    said = f'witness: "{key}"'
    for what, row in (
        ("in quotes", said),
        ("in single quotes", f"witness: '{key}'"),
        ("without quotes", f"witness: {key}"),
        ("with a comment", f"{said}  # by telephone"),
        ("with a space before the colon", f'witness : "{key}"'),
        ("with a quoted name", f'"witness": "{key}"'),
        ("with a name in single quotes", f"'witness': {key}"),
        ("with many spaces", f'witness:      "{key}"   '),
        ("with a tab", f'witness:\t"{key}"'),
    ):
        yield what, _fire("name: F", row), True
    for what, row in (
        ("on the next line", f'witness:\n      "{key}"'),
        ("on the next line, without quotes", f"witness:\n      {key}"),
        ("folded", f"witness: >-\n      {key}"),
        ("as a text of several lines", f"witness: |-\n      {key}"),
        ("with an escape", f'witness: "\\x66{key[1:]}"'),
        ("with an escape in its name", f'"witnes\\x73": "{key}"'),
        ("over two lines", f'witness: "{key[:9]}\\\n      {key[9:]}"'),
        ("with a question mark", f"? witness\n    : {key}"),
        ("with an anchor", f"witness: &key {key}"),
        ("with a tag", f"witness: !!str {key}"),
        ("with a tab before it", f"\t{said}"),
        ("twice", f"{said}\n    {said}"),
    ):
        yield what, _fire("name: F", row), None
    yield "in brackets", _fire(partner=f'  fire: {{name: F, witness: "{key}"}}'), None
    yield "in brackets, with an escape", _fire(partner=f'  fire: {{name: F, "\\x77itness": "{key}"}}'), None
    yield "not, in brackets", _fire(partner="  fire: {name: F}"), False
    yield "and brackets around all partners", f'partners: {{fire: {{witness: "{key}"}}}}\n', None
    yield "and all is indented", f' partners:\n   fire:\n     witness: "{key}"\n', None
    yield "and brackets around all", f'{{partners: {{fire: {{witness: "{key}"}}}}}}\n', None
    yield "of a quoted partner", _fire(said, partner='  "fire":'), True
    yield "of a partner written with an escape", _fire(said, partner='  "f\\x69re":'), None
    yield "under a quoted section", _fire(said).replace("partners:", '"partners":'), True
    yield "behind a beginning of the document", _fire(said, before="---\n"), True
    yield "with other line ends", _fire(said).replace("\n", "\r\n"), True
    yield "with old line ends", _fire(said).replace("\n", "\r"), True
    yield "with a mark of the byte order", "\ufeff" + _fire(said), True
    yield "with a line end that some have", _fire("name: a\u2028b", said), None
    yield "indented further", _fire(said).replace("\n  ", "\n      "), True
    for what, row in (
        ("a quotation of several lines", 'mandate: "a\n\n  b"'),
        ("a quotation of several lines with a witness", f'mandate: "a\n    witness: x\n    b"\n    {said}'),
        ("a quotation in single quotes", "mandate: 'it''s\n  \"'"),
        ("an apostrophe", "mandate: L'hopital d'A"),
        ("an apostrophe in brackets", "mandate: {fr: L'hopital d'A, de: \"]: {\"}"),
        ("brackets of several lines", "covers: [a,  # see [\n  'b]',\n\n  c\n]"),
        ("a text of several lines", f"mandate: |\n      x\n     witness: {key}x"),
        ("words of several lines", 'mandate: we\n      "see\n      {it'),
        ("words on the next line", 'mandate:\n      we\n      "see\n     [it'),
        ("a list", 'rooms:\n    - {matrix: "#a:b"}\n    - matrix: x\n      for: [a]\n    -\n      y'),
        ("a comment like a text", "# it's {a\n    mandate: x  # [it's"),
    ):
        yield f"beside {what}", _fire(row, *([] if said in row else [said])), True
    other = f"witness: {key}"
    for what, rows in (
        ("in a quotation", ['mandate: "', other, '"']),
        ("in a quotation on the next line", ["mandate:", '  "', other, '"']),
        ("in a quotation behind words that go on", ["mandate:", "  we", '  "see', 'name: "', other, '"']),
        ("in brackets of another", ["covers: [a,", other, "]"]),
        ("in brackets behind words in them", ["covers: [we", "'see,", f"{other}, it's", "]"]),
        ("in a text of several lines", ["mandate: |", f"  {other}"]),
        ("in a comment", ["mandate: x", f"# {other}"]),
        ("in a list", ["- " + other]),
    ):
        yield f"only {what}", _fire(*rows), False
    yield "as the text of the partner", _fire(other, partner="  fire: |"), False
    yield "as the text of the partner on the next line", _fire("|", other), None
    yield "as the text of all partners", f"partners:\n  |\n  fire:\n    {other}\n", None
    yield "behind a second document", _fire("name: F", behind=f"---\nx:\n  fire:\n    {other}\n"), False
    yield "in a quotation that does not end", _fire('mandate: "', other), None


def playbooks(key: str) -> Iterator[tuple[str, bytes, int]]:
    """What each is called, the playbook, and what a verifier that asks for a cosignature answers."""
    for what, text, read in spellings(key):
        yield f"a playbook that names a key {what}", text.encode(), 0 if read else 2
    yield "a playbook that is no text", b"\xff\xfe" + _fire(f"witness: {key}").encode("utf-16-le"), 2
