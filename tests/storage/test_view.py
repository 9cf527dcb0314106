"""Who may see what of the log: every kind of fact has its rule, and nothing is shown without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.export.entitled import BEFALLS, EVERYTHING, SHOWN
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.view import View, people_of
from storage.facts import DEPLOYMENT, FACTS, Fact
from storage.facts.codec import committed
from storage.store import Kept
from tests.examples import examples

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
AID = Recipient("aid", "Aid", frozenset({"aid", "fire"}), frozenset({"P-1", "P-2"}))
OWN, OTHERS = RoomRef("telegram", "-14"), RoomRef("matrix", "!silent:x.org")

FRAME = {
    "IncidentOpened": {"incident", "playbook", "playbook_version", "phase", "exercise", "rehearsal", "hazard"},
    "PhaseChanged": {"phase", "before"},
    "PlaybookReloaded": {"playbook", "version", "digest", "before"},
    "CheckpointStamped": {"size", "root", "authority", "time", "note", "token"},
    "KeyReplaced": {"old", "new", "note"},
    "PartnerAdmitted": {"partner", "name", "kind", "phone", "until"},
}
"""What is announced to everyone who takes part, whoever did it."""


def kept(*facts: Fact, stream: str = "I-1") -> list[Kept]:
    """Facts as they stand in a stream."""
    return [Kept(stream, seq, NOW + timedelta(seconds=seq), None, fact) for seq, fact in enumerate(facts)]


def seen(*facts: Fact, recipient: Recipient = AID) -> list[frozenset[str]]:
    """What the recipient sees of each."""
    stream = kept(*facts)
    view = View(recipient)
    for one in stream:
        view.learn(one)
    return [view.shows(one) for one in stream]


def told(about: str, **shown: Any) -> f.Disclosed:
    """A message to Aid's room."""
    return f.Disclosed(f"s-{about}", about, "aid", OWN, "en", "TLP:GREEN", 0, fields=shown)


def exact(value: object) -> dict[str, Any]:
    """A field that is shown as it is."""
    return {"form": "exact", "value": value, "rule": 1, "agreements": [], "basis": None}


def others(kind: type[Fact], partner: str = "silent", number: int = 9) -> Fact:
    """A fact of this kind that is another partner's from end to end."""
    values: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for one in fields(kind):
        hint = str(hints[one.name])
        if one.metadata.get("each"):
            value: Any = {
                partner: {"partner": partner, "rooms": [str(OWN if partner == "aid" else OTHERS)]},
                f"{partner}:field": exact("zqword"),
            }
        elif "RoomRef" in hint:
            value = OTHERS
        elif "datetime" in hint:
            value = NOW
        elif "tuple" in hint:
            value = (partner,)
        elif "bool" in hint:
            value = True
        elif "int" in hint and "str" not in hint:
            value = number
        elif "Mapping" in hint:
            value = {partner: number}
        elif one.name in ("partner", "decides", "reader"):
            value = partner
        elif one.name in ("person", "by", "proposed_by", "confirmed_by", "to", "given_by", "who"):
            value = f"P-{number}"
        else:
            value = f"{partner} {one.name}"
        values[one.name] = value
    return kind(**values)


def test_every_kind_of_fact_has_its_rule() -> None:
    """A new fact is shown to no partner until somebody has said who may see it."""
    assert set(SHOWN) == set(FACTS)
    assert set(FACTS) >= BEFALLS


def test_rules_name_attributes_that_there_are() -> None:
    """A slip in the table would hide something for ever."""
    for name, rules in SHOWN.items():
        known = {one.name: one.metadata.get("each", False) for one in fields(FACTS[name])} | {
            "values": name == "Disclosed"
        }
        for path in {path for rule in rules for path in rule.shows} - {EVERYTHING}:
            attribute, slash, _ = path.partition("/")
            assert known[attribute] == bool(slash), (name, path)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_what_another_partner_does_is_not_shown(name: str) -> None:
    """Of a fact that has nothing to do with the recipient only the common frame is shown."""
    fact = others(FACTS[name])
    [shown] = seen(fact)
    assert shown == FRAME.get(name, set())
    assert seen(fact, recipient=AUDITOR) == [frozenset(committed(fact))]


@pytest.mark.parametrize("name", sorted(BEFALLS - {"Disclosed"}))
def test_what_befalls_a_partner_is_not_its_act(name: str) -> None:
    """Though the fact names it as its partner: nobody else, no person and no room of others is shown."""
    fact = others(FACTS[name], "aid")
    [shown] = seen(fact)
    room = {one.name for one in fields(fact) if isinstance(getattr(fact, one.name), RoomRef)}
    persons = {one.name for one in fields(fact) if str(getattr(fact, one.name)).startswith("P-")}
    assert not shown & persons
    if name in ("CallAsked", "CallReported", "CallTaken", "CopyHeld", "CopyReleased", "Escalated", "EscalationStalled"):
        assert shown == set()
    assert not room & shown or name != "RollCallStarted"


def test_of_a_message_what_was_withheld_stays_hidden() -> None:
    """The rest of it is shown, and what became of it; of a message to somebody else nothing."""
    theirs = f.Disclosed("s-2", "A-1", "silent", OTHERS, "en", "", 0, {"what": exact("x")})
    facts = (
        told("A-1", what=exact("Water"), secret={"withheld": "no-permit", "rule": 3, "detail": ""}),
        f.MessageSent("s-A-1", OWN, "m1"),
        theirs,
        f.MessageSent("s-2", OTHERS, "m2"),
    )
    shown = seen(*facts)
    assert shown[0] == {"send", "about", "partner", "room", "language", "label", "epoch", "fields/what", "values/what"}
    assert shown[1] == {"send", "room", "message"}
    assert shown[2] == shown[3] == set()


def test_a_field_of_a_message_does_not_name_whom_the_recipient_may_not_know() -> None:
    """A card tells the same field of several partners apart by their names."""
    card = told(
        "C-1", **{"_c:fire": exact("ok"), "_c:silent": exact("ok"), "_c:S-3": exact("ok"), "_r:silent:safe": exact(1)}
    )
    assert {path for path in seen(card)[0] if path.startswith("fields/")} == {"fields/_c:fire", "fields/_c:S-3"}


def test_the_title_is_shown_to_whom_it_was_told() -> None:
    """Exactly, and no other title."""
    opened = f.IncidentOpened("I-1", "flood", 1, "Crue", "P-9", "fire", OTHERS, "watch", False, False, "flood:1")
    assert "title" not in seen(opened)[0]
    assert "title" not in seen(opened, told("I-1", _title={**exact("Crue"), "form": "area"}))[0]
    assert "title" not in seen(opened, told("I-1", _title=exact("Another")))[0]
    assert {"title", "partner"} <= seen(opened, told("I-1", _title=exact("Crue")))[0]


def test_leads_are_shown_as_far_as_their_partners_are_known() -> None:
    """A lead of somebody who is not listed is not, nor a list of deputies with them in it."""
    known = f.LeadTaken("operational", "be", ("fire",), "fire", ("silent",), "Law", "flood:2")
    silent = f.LeadTaken("strategic", "nl", ("fire", "silent"), "fire", (), None, "flood:3")
    shown = seen(known, silent, f.LeadEnded("operational", "be"), f.LeadEnded("strategic", "nl"))
    assert shown[0] == {"tier", "jurisdiction", "partners", "decides", "basis", "rule"}
    assert shown[1] == set()
    assert shown[2] == {"tier", "jurisdiction"} and shown[3] == set()


def drafted(request: str | None = None, updates: tuple[str, ...] = (), partner: str = "aid") -> f.AlertDrafted:
    """A draft of Aid's, with one field."""
    return f.AlertDrafted(
        "D-1", "t", "P-1", "telegram:1", partner, OWN, {"what": {"text": "x"}}, request=request, updates=updates
    )


def test_the_words_of_another_partners_request_are_not_the_issuers_own() -> None:
    """Whoever approves it may not see all of it: what they were shown stands where it was shown to them."""
    assert "fields/what" in seen(drafted())[0]
    assert "fields/what" not in seen(drafted(request="Q-1"))[0]
    assert "template" in seen(drafted(request="Q-1"))[0]
    own = f.AlertRequested("Q-1", "t", "P-1", "aid", OWN, ("fire", "silent"), None, {"what": {"text": "x"}})
    shown = seen(own, drafted(request="Q-1"))
    assert "fields/what" in shown[0] and "fields/what" in shown[1]
    assert "asked" not in shown[0]
    assert "fields/what" not in seen(drafted(updates=("A-9",)))[0]


def alert_of(partner: str) -> f.AlertIssued:
    """An alert of a partner's, with one field."""
    return f.AlertIssued(
        "A-1", "D-1", "t", partner, "P-9", "P-8", False, "b", "r:1", ("be",), None, NOW, {"what": {"text": "x"}}
    )


def test_of_an_alert_that_it_read_a_partner_knows_whose_it_is() -> None:
    """Every copy says what the alert is called and from whom it comes, where the reader knows them; nothing more of it is shown."""
    copy = told("A-1", what=exact("Water"))
    assert seen(alert_of("fire"), copy)[0] == {"alert", "template", "partner"}
    assert seen(alert_of("silent"), copy)[0] == {"alert", "template"}
    assert seen(alert_of("fire"), told("A-2", what=exact("Water")))[0] == set()
    elsewhere = f.Disclosed("s-9", "A-1", "silent", OTHERS, "en", "", 0, {"what": exact("x")})
    assert seen(alert_of("fire"), elsewhere)[0] == set()


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"what": {"withheld": "no-permit", "rule": 3, "detail": ""}},
        {"what": {**exact("x"), "value": None}},
        {"_note": exact("Over")},
        {"_delivery:fire": exact("sent")},
        {"A-1/what": exact("x")},
        {"what:S-1": exact("x")},
    ],
    ids=["nothing", "withheld", "empty", "note", "delivery", "briefing", "talk"],
)
def test_what_is_only_said_about_an_alert_is_no_copy_of_it(said: dict[str, Any]) -> None:
    """A message that showed no field of the alert did not say from whom it comes: that stays hidden."""
    assert seen(alert_of("fire"), told("A-1", **said))[0] == set()


def test_who_was_chosen_for_an_alert_is_shown_to_no_partner() -> None:
    """It is one field, and says who takes part, and how many."""
    issued = f.AlertIssued(
        "A-1", "D-1", "t", "aid", "P-1", "P-2", False, "b", "r:1", (), None, None, {"what": {"text": "x"}}
    )
    there = f.AlertAddressed(
        "A-1", {"aid": {"status": "shown"}, "fire": {"status": "shown"}, "silent": {"status": "held"}}
    )
    assert seen(issued, there)[1] == {"alert"}
    assert seen(there)[0] == set()


def test_an_answer_by_telephone_is_the_callers_note() -> None:
    """What was answered is the partner's; who recorded it, where, and what they wrote of whom they spoke with is not."""
    by_phone = f.Acknowledged("A-1", "aid", "P-9", OTHERS, "acting", "phone", "a voice", False)
    in_room = f.Acknowledged("A-1", "aid", "telegram:7", OWN, "acting", "button")
    shown = seen(by_phone, in_room)
    assert shown[0] == {"alert", "partner", "choice", "via", "late"}
    assert shown[1] == set(committed(in_room))


def test_a_room_that_was_ever_anothers_is_nobodys() -> None:
    """What took place there without a name is not shown to either."""
    bound = f.RoomBound("flood", "aid", OWN, None, "playbook")
    again = f.RoomBound("flood", "silent", OWN, None, "playbook")
    lost = f.RoomLost(OWN, "kicked")
    assert seen(bound, lost)[1] == {"room", "reason"}
    assert seen(bound, again, lost)[2] == set()


def test_its_people_are_its_own_in_what_names_no_partner() -> None:
    """Who rings, releases or accounts for somebody is known as a person alone; in another partner's room they act for that one."""
    own = f.CallReported("A-1", "fire", "P-1", True, "the duty officer")
    unlisted = f.CallReported("A-1", "silent", "P-1", True, "somebody")
    elsewhere = f.NoteAdded("P-1", "silent", OTHERS, "said in their room")
    assert seen(own)[0] == set(committed(own))
    assert "partner" not in seen(unlisted)[0] and "spoke_with" in seen(unlisted)[0]
    assert seen(elsewhere)[0] == set()


def test_the_people_of_a_partner_are_those_enrolled_for_it() -> None:
    """From the deployment's log."""
    facts = kept(
        f.PersonEnrolled("P-1", "Ada", "aid", "liaison", "telegram:1", "V-1"),
        f.PersonEnrolled("P-9", "Bo", "silent", "liaison", "telegram:9", "V-2"),
        stream=DEPLOYMENT,
    )
    assert people_of("aid", facts) == {"P-1"}
    shown = seen(*(one.fact for one in facts))
    assert shown == [set(committed(facts[0].fact)), set()]


def test_guests_are_announced_to_everyone() -> None:
    """Their name and until when, not who admitted them; from then on they may be named."""
    guest = f.PartnerAdmitted("msf.i1", "MSF", "ngo", "be", "local", "green", (), (), None, NOW, "P-9", None, "r:1")
    lead = f.LeadTaken("operational", "be", ("msf.i1",), "msf.i1", (), None, "r:2")
    shown = seen(guest, lead)
    assert shown[0] == {"partner", "name", "kind", "phone", "until"}
    assert "partners" in shown[1]


# --- what is hidden decides nothing ------------------------------------------------------------------------------------


def _swapped(value: Any) -> Any:
    """The same of another unlisted partner: its name, its people, its rooms, its words."""
    match value:
        case str():
            return value.replace("silent", "hushed").replace("P-9", "P-8").replace("zqword", "zqterm")
        case RoomRef():
            return RoomRef.parse(_swapped(str(value)))
        case dict():
            return {_swapped(key): _swapped(one) for key, one in value.items()}
        case tuple() | list():
            return type(value)(_swapped(one) for one in value)
        case _:
            return value


def _hushed(fact: Fact) -> Fact:
    return type(fact)(**{one.name: _swapped(getattr(fact, one.name)) for one in fields(fact)})


_LETTERS = {
    "alert": "A",
    "about": "A",
    "draft": "D",
    "request": "Q",
    "said": "S",
    "round": "C",
    "rollcall": "R",
    "offer": "H",
}
"""Ids say of what they are: no two kinds of things have one in common."""


def _of(draw: st.DrawFn) -> Fact:
    name = draw(st.sampled_from(sorted(FACTS)))
    partner = draw(st.sampled_from(["silent", "aid", "fire"]))
    fact = others(FACTS[name], partner)
    named = getattr(fact, "partner", None) is not None  # then it speaks in a room of its own
    changes: dict[str, Any] = {}
    for one in fields(fact):
        if isinstance(getattr(fact, one.name), RoomRef):
            changes[one.name] = (OWN if partner == "aid" else OTHERS) if named else draw(st.sampled_from([OWN, OTHERS]))
        elif one.name == "person":
            changes[one.name] = draw(st.sampled_from(["P-1", "P-9"]))
        elif letter := _LETTERS.get(one.name):
            changes[one.name] = draw(st.sampled_from([f"{letter}-1", f"{letter}-2"]))
        elif one.name == "updates":
            changes[one.name] = ()
    return type(fact)(**{one.name: changes.get(one.name, getattr(fact, one.name)) for one in fields(fact)})


streams = st.lists(st.composite(_of)(), max_size=12)


@settings(max_examples=examples(300))
@given(streams)
def test_who_is_hidden_decides_nothing(stream: list[Fact]) -> None:
    """Two logs that differ only in which unlisted partner it was, with its people, rooms and words, show the same paths; and what is shown names none."""
    first, second = seen(*stream), seen(*map(_hushed, stream))
    for fact, one, other in zip(stream, first, second, strict=True):
        assert {_swapped(path) for path in one} == other, fact
        if getattr(fact, "partner", None) != "aid":
            values = committed(fact)
            shown = {path: values[path] for path in one}
            assert not _names(shown, "silent:x.org"), (fact, shown)


def _names(value: object, word: str) -> bool:
    return word in str(value)


def test_an_auditor_sees_everything() -> None:
    """Of every kind of fact."""
    everything: Iterable[Fact] = [others(kind) for kind in FACTS.values()]
    for fact, shown in zip(
        everything, seen(*[others(kind) for kind in FACTS.values()], recipient=AUDITOR), strict=True
    ):
        assert shown == set(committed(fact))
