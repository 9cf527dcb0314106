"""Which keys a playbook names, read without a reader of YAML: the same as YAML says, or nothing."""

from __future__ import annotations

import inspect
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbooks import named_keys
from playbooks.named_keys import keys_named
from playbooks.yaml12 import read
from storage.export import verifier
from tests.playbooks.test_library import EXAMPLE, SHIPPED
from tests.storage.misspelt import spellings

KEY = "liege-fire+919482e8+BC1G8gWAWcmcfkRdwQrzB7mTeXglub+nWlwQFBx0EZYO"


def by_yaml(source: bytes) -> dict[str, str] | None:
    """The keys that YAML finds, by partner, empty where there is none; None where it is no playbook."""
    tree = read(source, "x.yaml")
    partners = tree.value.get("partners") if isinstance(tree.value, Mapping) and not tree.problems else None
    if not isinstance(partners, Mapping) or not all(isinstance(one, Mapping) for one in partners.values()):
        return None
    said = {name: one.get("witness", "") for name, one in partners.items()}
    return {name: key if isinstance(key, str) else "" for name, key in said.items()}


def test_the_one_file_verifier_has_the_same_words() -> None:
    """What `verify.py` reads a playbook with is this, character for character, so that no two verifiers can differ on it."""
    text, theirs = inspect.getsource(named_keys), inspect.getsource(verifier)
    _, _, rule = text.partition('__all__ = ["keys_named"]\n')
    assert len(rule) > 3000
    assert rule.strip() in theirs


@pytest.mark.parametrize(("what", "text", "found"), [pytest.param(*one, id=one[0]) for one in spellings(KEY)])
def test_a_key_however_it_is_spelt(what: str, text: str, found: bool | None) -> None:
    """However YAML lets one write it, a key is found where it stands plainly, unread where it does not, and never found where YAML has none."""
    keys = keys_named(text.encode())
    said = keys.get("fire", "") if keys is not None else None
    assert said == (None if found is None else KEY if found else ""), what
    truth = by_yaml(text.encode())
    assert truth is None or said in (None, truth["fire"])


@pytest.mark.parametrize("path", [EXAMPLE, *SHIPPED], ids=lambda path: path.name)
def test_every_playbook_that_ships_can_be_read(path: Path) -> None:
    """Of each playbook that ships, and with a key in each of its partners, the plain reader says what YAML says."""
    source = path.read_bytes()
    truth = by_yaml(source)
    assert truth is not None
    assert dict(keys_named(source) or {}) == truth
    rows = source.decode().split("\n")
    begin = rows.index("partners:")
    for at, row in enumerate(rows[begin + 1 :], begin + 2):
        if row[:1] not in ("", " ", "#"):
            break
        if row[:2] == "  " and row[2:3].isalpha() and row.endswith(":"):
            named = "\n".join([*rows[:at], f'    witness: "{KEY}"', *rows[at:]]).encode()
            wanted = {**truth, row.strip(" :"): KEY}
            assert keys_named(named) == wanted == by_yaml(named)


@given(st.data())
def test_it_never_finds_what_yaml_does_not(data: st.DataObject) -> None:
    """Whatever becomes of a playbook, where YAML can read it the plain reader finds for each partner what YAML does, or cannot read it."""
    texts = [text for _, text, _ in spellings(KEY)]
    text = data.draw(st.sampled_from(texts))
    scraps = [
        "\n",
        "\n    ",
        "\n  ",
        '"',
        "'",
        "[",
        "]",
        "{",
        "}",
        ": ",
        "- ",
        "# ",
        " #",
        "|",
        ">-",
        ",",
        "\\",
        "x",
        "\t",
        "witness: k",
    ]
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        scrap, cut = data.draw(st.sampled_from(scraps)), data.draw(st.integers(0, 6))
        text = text[:at] + scrap + text[at + cut :]
    truth, found = by_yaml(text.encode()), keys_named(text.encode())
    if truth is not None and found is not None:
        differing = {
            name: (key, found.get(name)) for name, key in truth.items() if found.get(name, "") not in (None, key)
        }
        assert not differing, text
        assert all(truth.get(name) == key for name, key in found.items() if key), text


@pytest.mark.parametrize(
    "piece",
    ['"', "'a", "[", "[a,", "a: ", "a\n", "  b\n", " ", "a: |\n  b\n", "\\", '"\\', "- ", "#", " #", ": ", "\t"],
)
def test_a_file_made_to_keep_it_busy(piece: str) -> None:
    """A playbook of half a megabyte of the same few characters is read, or not, in no time."""
    began = time.process_time()
    for text in (piece * (500_000 // len(piece)), "partners:\n  fire:\n    x: a" + piece * (500_000 // len(piece))):
        keys_named(text.encode())
    assert time.process_time() - began < 5
