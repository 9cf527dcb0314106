"""The questions of an inquiry, against small logs written by hand: each answer, and the entries that prove it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from playbooks.rooms import RoomRef
from storage import facts as f
from storage import inquiry
from storage.facts.codec import from_parts
from storage.store import Kept

NOON = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
FIRE, AID = RoomRef("matrix", "!fire"), RoomRef("telegram", "-14")


class Log:
    """A log that grows by hand, a minute an entry."""

    def __init__(self) -> None:
        self.kept: list[Kept] = []

    def add(self, *facts: f.Fact, minute: int | None = None) -> int:
        """Append facts, all a minute after the last entry or at this one. Returns the number of the last."""
        at = NOON + timedelta(minutes=len(self.kept) if minute is None else minute)
        for fact in facts:
            self.kept.append(Kept("I-1", len(self.kept), at, "digest", fact))
        return len(self.kept) - 1

    def issue(self, alert: str = "A-1", by: str = "city", **statuses: str) -> None:
        """An alert, and how each partner stood to it."""
        fields = {"what": "Water", "victims": "Ada"}
        self.add(
            f.AlertIssued(alert, "D-1", "flood", by, "P-1", "P-2", False, "law", "b:9", ("be",), None, None, fields)
        )
        self.add(f.AlertAddressed(alert, {p: {"status": status} for p, status in statuses.items()}))

    def show(self, send: str, partner: str, room: RoomRef, about: str = "A-1", **fields: object) -> int:
        """A message that shows fields, or withholds those given as a reason."""
        told: Mapping[str, Any] = {
            name: {"withheld": how, "rule": 3, "detail": "red"}
            if how == "clearance"
            else {"form": "exact", "value": how, "rule": 7, "agreements": ["emric"], "basis": None}
            for name, how in fields.items()
        }
        return self.add(f.Disclosed(send, about, partner, room, "en", "amber", 0, told))


def test_who_saw_a_field_is_told_with_form_rule_agreement_message_and_time() -> None:
    """Who wrote it, whose network accepted it when and as what, what was not sent, and from whom it was withheld."""
    log = Log()
    log.add(f.AlertDrafted("D-1", "flood", "P-1", "telegram:1", "city", FIRE, {"what": "Water", "victims": "Ada"}))
    log.issue(fire="shown", aid="shown")
    one = log.show("s1", "fire", FIRE, what="Water", victims="Ada")
    two = log.show("s2", "aid", AID, what="Water", victims="clearance")
    log.show("s3", "fire", FIRE, victims="Ada")
    sent = log.add(f.MessageSent("s1", FIRE, "$m"))
    log.add(f.MessageSent("s2", AID, "17"), f.MessageRefused("s3", FIRE, "too long"))
    answer = inquiry.who_saw(log.kept, "A-1", "victims")
    did = [(author.how, author.person) for author in answer.authors]
    assert did == [("wrote", "P-1"), ("issued", "P-1"), ("agreed", "P-2")]
    [seen] = answer.seen
    assert (seen.partner, seen.form, seen.value, seen.rule, seen.agreements) == ("fire", "exact", "Ada", 7, ("emric",))
    assert (seen.fate.messages, seen.fate.at) == (("$m",), log.kept[sent].at)
    assert seen.entries == (one, sent)
    assert [(sight.send, sight.fate.reason) for sight in answer.unsent] == [("s3", "too long")]
    [kept_from] = answer.withheld
    assert (kept_from.partner, kept_from.why, kept_from.detail, kept_from.entry) == ("aid", "clearance", "red", two)
    assert answer.known and not inquiry.who_saw(log.kept, "A-1", "nothing").known
    assert not inquiry.who_saw(log.kept, "A-9").known


def test_a_preview_and_a_list_of_several_things_count_too() -> None:
    """What its author was shown before it was issued is seen of it, and a field of it in a message about something else."""
    log = Log()
    log.show("s1", "city", FIRE, about="D-1", what="Water")
    log.issue()
    log.show("s2", "aid", AID, about="board", **{"A-1/what": "Water", "_answer:fire": "ok"})
    log.show("s3", "aid", AID, about="#ops S-3 S-4", **{"#ops:S-3": "Hello"})
    log.add(*(f.MessageSent(name, AID, name) for name in ("s1", "s2", "s3")))
    assert [sight.send for sight in inquiry.who_saw(log.kept, "A-1", "what").seen] == ["s1", "s2"]
    assert [sight.of for sight in inquiry.who_saw(log.kept, "board", "_answer").seen] == ["fire"]
    assert [sight.send for sight in inquiry.who_saw(log.kept, "S-3").seen] == ["s3"]


def test_an_empty_field_was_known_to_nobody() -> None:
    """Where nothing was in a field, nobody wrote it, agreed to it or was shown it, though messages have it."""
    log = Log()
    fields = {"what": "Water", "people": None}
    log.add(f.AlertDrafted("D-1", "flood", "P-1", "telegram:1", "city", FIRE, fields))
    log.add(f.DraftConfirmed("D-1", "P-1"))
    log.issue(fire="shown")
    log.show("s1", "fire", FIRE, what="Water", people=None)
    log.add(f.MessageSent("s1", FIRE, "$m"))
    answer = inquiry.who_saw(log.kept, "A-1", "people")
    assert (answer.known, answer.authors, answer.seen, answer.unsent) == (True, (), (), ())
    assert [one.send for one in answer.empty] == ["s1"]
    assert [one.how for one in inquiry.who_saw(log.kept, "A-1", "what").authors] == [
        "wrote", "confirmed", "issued", "agreed",
    ]  # fmt: skip


def test_what_a_partner_saw_before_a_moment_ends_there_exactly() -> None:
    """Accepted at that moment is not before it; the latest form counts, and what was taken back later says when."""
    log = Log()
    log.issue(aid="shown")
    log.show("s1", "aid", AID, what="Water")
    accepted = log.add(f.MessageSent("s1", AID, "m1"))
    log.show("s2", "aid", AID, what="More water")
    again = log.add(f.MessageSent("s2", AID, "m2"))
    log.add(f.MessageSent("plain", AID, "m3"))
    log.add(f.AlertRetracted("A-1", "P-1", "city", None, "b:9"))
    log.add(f.RemovalAsked("s1", "r1", "A-1", "aid", AID), f.RemovalAsked("s2", "r2", "A-1", "aid", AID))
    log.add(f.MessageRemoved("s1", AID))
    gone = log.add(f.MessageRemoved("s2", AID))
    before = log.kept[accepted].at
    assert inquiry.saw(log.kept, "aid", before).fields == ()
    [first] = inquiry.saw(log.kept, "aid", before + timedelta(seconds=1)).fields
    assert (first.last.value, first.at, first.withdrawn_at) == ("Water", before, log.kept[again + 2].at)
    [last] = inquiry.saw(log.kept, "aid").fields
    assert (last.last.value, last.first_at, last.removed_at) == ("More water", before, log.kept[gone].at)
    assert inquiry.saw(log.kept, "aid").others == 1
    assert inquiry.saw(log.kept, "fire").fields == ()


def test_a_doubtful_message_may_have_been_seen_until_its_repeat_is_accepted() -> None:
    """Between the two it is in doubt; afterwards it was seen, at the time of the repeat."""
    log = Log()
    log.issue(aid="shown")
    log.show("s1", "aid", AID, what="Water")
    lost = log.add(f.MessageUnknown("s1", AID, "timed out", "r1"))
    found = log.add(f.MessageSent("r1", AID, "m9"))
    between = inquiry.saw(log.kept, "aid", log.kept[found].at)
    assert (between.fields, [sight.send for sight in between.doubtful]) == ((), ["s1"])
    after = inquiry.saw(log.kept, "aid")
    assert (after.doubtful, after.fields[0].at, after.others) == ((), log.kept[found].at, 0)
    [doubt] = inquiry.doubts(log.kept)
    assert (doubt.resolved, doubt.about, doubt.partner, doubt.entries) == (True, "A-1", "aid", (lost, found))
    assert [(one.send, one.state, one.message) for one in doubt.attempts] == [("r1", "accepted", "m9")]


def test_what_no_repeat_has_settled_is_still_unknown() -> None:
    """A repeat that is in doubt itself, refused, or never heard of settles nothing; each is one doubt with its attempts."""
    log = Log()
    log.add(f.MessageUnknown("a", AID, "timed out", "a1"), f.MessageUnknown("a1", AID, "timed out", None))
    log.add(f.MessageUnknown("b", AID, "timed out", "b1"), f.MessageRefused("b1", AID, "kicked"))
    log.add(f.MessageUnknown("c", AID, "timed out", "c1"), f.MessageUnknown("d", AID, "timed out", None))
    told = {one.send: (one.resolved, [attempt.state for attempt in one.attempts]) for one in inquiry.doubts(log.kept)}
    assert told == {
        "a": (False, ["unknown"]),
        "b": (False, ["refused"]),
        "c": (False, ["waiting"]),
        "d": (False, []),
    }


def test_a_message_in_parts_is_accepted_in_part_where_one_was_refused() -> None:
    """Nobody can tell from the log in which part a field stood, and so the answer says so."""
    log = Log()
    log.show("s-1", "aid", AID, what="Water")
    log.add(f.MessageSent("s-1", AID, "m1"), f.MessageRefused("s-2", AID, "too many"))
    [seen] = inquiry.who_saw(log.kept, "A-1", "what").seen
    assert (seen.fate.state, seen.fate.messages) == ("partly", ("m1",))


def test_who_never_acknowledged_counts_neither_its_author_nor_what_was_taken_back() -> None:
    """An answer that stands counts, by telephone too; one that was undone does not, and whoever issued it is not asked."""
    log = Log()
    log.issue(city="shown", fire="shown", aid="shown", hilfe="shown", moon="held", sun="roomless", mars="unselected")
    log.show("s1", "aid", AID, what="Water")
    log.add(f.MessageSent("s1", AID, "m1"))
    log.add(f.Acknowledged("A-1", "fire", "P-3", FIRE, "acting", "button"))
    undone = log.add(f.AnswerUndone("A-1", "fire", "P-3", "acting"))
    log.add(f.CallTaken("A-1", "hilfe", "P-1"), f.CallReported("A-1", "hilfe", "P-1", True, "Max"))
    log.add(f.Acknowledged("A-1", "hilfe", "P-1", FIRE, "seen", "phone", "Max"))
    log.add(f.PartnerUnreachable("A-1", "aid", 0))
    [alert] = inquiry.silent(log.kept)
    assert alert.never == ("fire", "aid")
    assert alert.not_reached == {"moon": "held", "sun": "roomless"}
    asked = {one.partner: one for one in alert.asked}
    assert asked["fire"].answers[0].undone_at == log.kept[undone].at
    assert (asked["hilfe"].answers[0].spoke_with, asked["hilfe"].calls[0].reached) == ("Max", True)
    assert asked["aid"].shown_at == log.kept[3].at and asked["aid"].unreachable_at is not None
    log.add(f.CopyReleased("A-1", "moon", "P-1", {"what": "Some water", "victims": None}))
    assert inquiry.silent(log.kept, "A-1")[0].never == ("fire", "aid", "moon")
    assert inquiry.silent(log.kept, "A-2") == ()


def test_nobody_is_silent_of_whose_answer_the_facts_need_not_tell() -> None:
    """Where whoever asks may not see an answer, where one was erased, and where it is not told whom it was for: then who was sent a copy was to answer."""
    log = Log()
    log.issue(fire="shown", aid="shown", hilfe="shown")
    log.add(f.Acknowledged("A-1", "fire", "P-3", FIRE, "acting", "button"))
    [part] = inquiry.silent(log.kept, tells=lambda alert, partner: partner != "aid")
    assert (part.never, part.unknown) == (("hilfe",), ("aid",))
    log.add(from_parts("Acknowledged", 1, {"alert": "A-1", "choice": "seen", "person": "P-4"}))
    [erased] = inquiry.silent(log.kept)
    assert (erased.never, erased.unknown) == ((), ("aid", "hilfe"))
    of_aid = Log()
    of_aid.issue()
    of_aid.show("s1", "aid", AID, what="Water")
    accepted = of_aid.add(f.MessageSent("s1", AID, "m1"))
    [seen] = inquiry.silent(of_aid.kept)
    assert (seen.never, seen.addressed, seen.asked[0].shown_at) == (("aid",), False, of_aid.kept[accepted].at)


def test_what_was_erased_is_no_answer() -> None:
    """Of a log whose time is over nothing is said for certain but that it was erased; who read it, that somebody did."""
    log = Log()
    log.issue(aid="shown")
    log.add(f.LogRead("operator", None, "why", 2, "silent", 2))
    kept = [replace(one, fact=from_parts(type(one.fact).__name__, 1, {})) for one in log.kept]
    assert inquiry.silent(kept) == () and inquiry.leads(kept) == ()
    [reading] = inquiry.readings(kept)
    assert (reading.upto, reading.reason, reading.entries) == (None, None, (2,))


def test_a_call_that_is_reported_twice_was_made_once() -> None:
    """That somebody was reached, and then what they answered, are one call; another outcome, or another person, is another."""
    log = Log()
    log.issue(aid="shown")
    taken = log.add(f.CallTaken("A-1", "aid", "P-1"))
    log.add(f.CallReported("A-1", "aid", "P-1", True, None), f.CallReported("A-1", "aid", "P-1", True, "Max"))
    [call] = inquiry.silent(log.kept)[0].asked[0].calls
    assert (call.reached, call.spoke_with, call.entries) == (True, "Max", (taken, taken + 1, taken + 2))
    log.add(f.CallReported("A-1", "aid", "P-2", True, None), f.CallReported("A-1", "aid", "P-2", False, None))
    assert [one.reached for one in inquiry.silent(log.kept)[0].asked[0].calls] == [True, True, False]


def test_withholdings_stand_once_with_reason_rule_and_how_often_and_releases_beside_them() -> None:
    """A field, a copy that is held, a room left out, words that a channel's room was not told, a message that no longer left."""
    log = Log()
    log.issue(aid="held")
    left = {str(AID): {"field": "what", "why": "ceiling", "rule": 5, "detail": "red"}}
    log.add(f.AlertAddressed("A-2", {"aid": {"status": "shown", "left_out": left}, "sun": {"status": "blind"}}))
    log.show("s1", "fire", FIRE, victims="clearance")
    log.show("s2", "fire", FIRE, victims="clearance")
    log.add(f.CopyHeld("A-1", "aid", "what", "agreement", "b:12"))
    said = {"partner": "aid", "why": "clearance", "rule": 8, "detail": "amber"}
    log.add(
        f.Said("S-1", ("#ops",), "fire", "P-3", FIRE, "m", NOON, None, ("be",), (), None, None, False, {}, {str(AID): said})
    )  # fmt: skip
    log.add(f.MessageDropped("s2", FIRE, "decided again: what may be seen has changed"))
    log.add(f.CopyReleased("A-1", "aid", "P-1", {"what": "Some", "victims": None}), f.CallAsked("A-1", "sun", "P-1"))
    answer = inquiry.withheld(log.kept)
    told = [(one.what, one.about, one.partner, one.field, one.why, one.rule, one.times) for one in answer.withholdings]
    assert told == [
        ("room", "A-2", "aid", "what", "ceiling", "5", 1),
        ("copy", "A-2", "sun", None, "blind", None, 1),
        ("field", "A-1", "fire", "victims", "clearance", "3", 2),
        ("copy", "A-1", "aid", "what", "agreement", "b:12", 1),
        ("room", "S-1", "aid", None, "clearance", "8", 1),
        ("message", "A-1", "fire", None, "decided again: what may be seen has changed", None, 1),
    ]
    assert [(one.partner, one.how, one.fields) for one in answer.releases] == [
        ("aid", "supplied", ("what",)),
        ("sun", "call", ()),
    ]


def test_each_lead_has_its_interval_its_basis_and_how_it_came_about() -> None:
    """By the playbook, by an offer that was accepted; until another follows, covers it, or the incident is closed."""
    log = Log()
    first = log.add(f.LeadTaken("op", "be", ("fire",), "fire", (), "law", "b:1"), f.LeadTaken("op", "nl", ("vr",), "vr", (), None, "b:2"))  # fmt: skip
    log.add(
        f.LeadOffered("H-1", "op", "be", ("fire",), ("city",), "city", (), "law", "b:1", "hand", "P-3", "fire", None)
    )  # fmt: skip
    accepted = log.add(f.LeadOfferEnded("H-1", "accepted", "P-1", "city", None), f.LeadTaken("op", "be", ("city",), "city", (), "law", "b:1"))  # fmt: skip
    log.add(f.LeadEnded("op", "nl"))
    closed = log.add(f.IncidentClosed("P-1", "city", None))
    fire, dutch, city = inquiry.leads(log.kept)
    assert (fire.since, fire.until, fire.ended, fire.basis) == (NOON, log.kept[accepted].at, "replaced", "law")
    assert (dutch.why, dutch.ended) == ("playbook", "covered")
    assert (city.why, city.offer, city.accepted_by, city.ended) == ("hand", "H-1", "P-1", "closed")
    assert city.entries == (2, accepted - 1, accepted, closed) and first == 1


def test_every_reading_is_told_with_who_what_and_why() -> None:
    """A reading, a question, a copy; and one for which no reason was given."""
    log = Log()
    log.add(f.LogRead("operator", None, None, 0), f.LogRead("P-7", "city", "the inquiry", 1, "silent", 1))
    log.add(f.Exported("operator", "auditor", "court", "bundle", 2, "GDPR 15", 30, {"AlertIssued": 2, "Said": 1}))
    told = [(one.person, one.question, one.reader, one.reason, one.upto) for one in inquiry.readings(log.kept)]
    assert told == [
        ("operator", None, None, None, 0),
        ("P-7", "silent", None, "the inquiry", 1),
        ("operator", None, "auditor", "court", 2),
    ]
    extents = [(one.shown, one.disclosed, one.withheld, one.basis) for one in inquiry.readings(log.kept)]
    assert extents == [(None, None, None, None), (1, None, None, None), (None, 30, 3, "GDPR 15")]
