"""Every kind of fact in words, whatever of it is shown."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.facts import FACTS
from storage.facts.codec import from_parts, parts
from storage.facts.fact import Fact
from storage.sentences import Sentences
from storage.unseen import UNSEEN, WITHHELD, is_seen, visible
from storage.upkeep import due
from tests.examples import examples
from tests.storage import crisis

MARK = "zqhidden"
AT = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


def telling() -> Sentences:
    """Sentences, with times in UTC."""
    return Sentences(lambda at: at.astimezone(UTC))


def told(fact: Fact) -> str:
    """All that is said of a fact."""
    sentences = telling()
    sentences.heard(fact)
    return "\n".join([sentences.sentence(fact), *sentences.below(fact)])


def marked(kind: type[Fact]) -> Fact:
    """A fact of this kind, with a mark in every field that can hold one."""
    said: dict[str, object] = {}
    for one in fields(kind):
        hint = str(one.type)
        if one.metadata.get("each"):
            said[one.name] = {MARK: {"value": MARK, "form": "exact"}}
        elif "RoomRef" in hint:
            said[one.name] = RoomRef("matrix", f"!{MARK}:x.org")
        elif "datetime" in hint:
            said[one.name] = AT
        elif hint.startswith("tuple[str"):
            said[one.name] = (MARK,)
        elif hint.startswith("tuple[int"):
            said[one.name] = (7,)
        elif hint.startswith("Mapping"):
            said[one.name] = {MARK: {"status": MARK}}
        elif hint == "bool":
            said[one.name] = True
        elif hint.startswith("int"):
            said[one.name] = 7
        else:
            said[one.name] = MARK
    return kind(**said)


def test_every_fact_has_a_sentence() -> None:
    """Whole, or with nothing shown, each kind of fact is told in words; with nothing shown none of what it holds is."""
    for kind in FACTS.values():
        fact = marked(kind)
        assert told(fact), kind
        hidden = told(visible(fact, ()))
        assert hidden, kind
        assert MARK not in hidden, kind


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_what_is_not_shown_is_not_told(data: st.DataObject) -> None:
    """Whichever fields are shown, the words are the same whatever the others hold."""
    kind = data.draw(st.sampled_from(sorted(FACTS)))
    fact = marked(FACTS[kind])
    values = parts(fact)
    shown = data.draw(st.sets(st.sampled_from(sorted(values)))) if values else set()
    seen = {path: value for path, value in values.items() if path in shown}
    partial = from_parts(kind, FACTS[kind].V, json.loads(json.dumps(seen)))
    assert told(visible(fact, shown)) == told(visible(partial, shown))


def test_a_field_that_is_not_shown_says_so() -> None:
    """What is withheld is called so, and is not mistaken for what is absent or false."""
    fact = crisis.issued("A-1", "Water")
    said = told(visible(fact, {"alert", "template", "partner"}))
    assert said == f"A-1 issued, evacuation, by {WITHHELD} of city, confirmed by {WITHHELD}"
    assert not is_seen(UNSEEN)
    assert f"{UNSEEN:%Y}" == str(UNSEEN) == WITHHELD


ROOM = RoomRef("matrix", "!a:x.org")


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (f.DeadlinePassed("escalation:A-2:aachen-fire", AT, 0), "Time to see whether aachen-fire had answered A-2"),
        (f.DeadlinePassed("card:A-2", AT, 3), "Time to bring the card of A-2 up to date, 3 s late"),
        (f.DeadlinePassed("checkin:X-1:hourly", AT, 0), "Time to start the check-in hourly"),
        (f.DeadlinePassed("newer:{0}", AT, 0), "Time to do what is due (newer:{0})"),
        (f.DeadlinePassed("escalation", AT, 0), "Time to do what is due (escalation)"),
        (f.MessageTracked("s", "card", "A-2", None, ROOM), "The card of A-2 is kept up to date in a private chat (Matrix)"),
        (f.MessageTracked("s", "prompt", "C-1", "fire", ROOM), "The question C-1 is asked in fire (Matrix)"),
        (f.MessageTracked("s", "cancelled", "A-2", "fire", ROOM), "The word that A-2 is cancelled is kept up to date in fire (Matrix)"),
        (f.MessageTracked("s", "poll", "{A}", "fire", ROOM), "The poll {A} is kept up to date in fire (Matrix)"),
        (f.LogRead("operator", None, "inquiry 4", 9, "who-saw A-2"), "Log read by operator, who asked: who-saw A-2; because inquiry 4"),
        (f.LogRead("P-1", "fire", None, 9), "Log read by P-1 of fire"),
        (f.LogRead("P-1", "fire", "why", 9, "leads", 4), "Log read by P-1 of fire, who asked: leads; because why; from 4 of 9 entries"),
        (f.Exported("P-1", "fire", "why", "csv", 9, None, 30, {"Said": 2}), "Exported by P-1 as a csv, for fire: why; 30 fields shown, 2 withheld"),
    ],
)  # fmt: skip
def test_what_the_machine_did_by_itself_is_told_in_words(fact: Fact, words: str) -> None:
    """No key of a deadline, no role of a message; a reading says what was asked and why."""
    assert telling().sentence(fact) == words


def test_every_deadline_has_its_words() -> None:
    """Each kind that the handlers set is told as what was to be done."""
    handlers = Path(__file__).parents[2] / "handlers"
    source = "\n".join(path.read_text("utf-8") for path in sorted(handlers.glob("*.py")))
    kinds = set(re.findall(r'Wake\(\s*f"([a-z-]+):', source)) | {"escalation", "unreachable", "checkin"}
    assert len(kinds) > 12
    assert {kind for kind in kinds if due(f"{kind}:A-1:b").startswith("do what is due")} == set()
