"""What an entry of the log says, in a sentence and a few lines below it: for a terminal, a report for the file, an activity log.

A fact of which some fields are not shown (``storage.unseen``) is told like any other: what is missing says "(withheld)". Nothing here knows a playbook; who has it at hand says more
(``Sentences.why_withheld``, ``why_left_out``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from playbooks.rooms import RoomRef
from storage import facts as f
from storage.facts.fact import Fact
from storage.plain import REASONS, content, field_value, named, plain
from storage.unseen import ERASED, WITHHELD, Unseen, is_seen
from storage.upkeep import due, tracked, whose

REMEMBERED = 10_000
"""Messages whose room and subject are remembered until they are told to have arrived: what is on its way at one time is far less."""

_QUIET = ("version", "epoch", "rule", "basis", "label", "send")

_ADDRESSED = {
    "shown": "goes to",
    "held": "held back from",
    "unselected": "not meant for",
    "roomless": "no room is known of",
    "blind": "chosen by an area that they may not see, and so not reached",
}

STEPS = {
    "remind": "a reminder",
    "other_network": "the other network",
    "liaisons": "the liaisons in person",
    "call": "a telephone call",
    "deputies": "word to the deputies",
    "lead": "word to the lead",
    "coordinators": "word to the coordinators",
}

_REFUSED = {
    "not-theirs": "which is not theirs to do",
    "not-their-ground": "which is not their ground",
    "no-such-place": "for a place that the playbook does not know",
    "revoked": "whose access was withdrawn",
    "no-partner": "in a chat of no partner",
    "role": "which their role does not allow",
    "taken": "the room is another partner's",
    "not-in-playbook": "the room is not in the playbook",
}


class Sentences:
    """Facts in words. ``local`` puts a time into the zone in which it is told.

    Outcomes of messages name only the message: tell ``heard`` of each ``Disclosed``, in order, and they say whose and about what.
    """

    def __init__(self, local: Callable[[datetime], datetime]) -> None:
        self._zone = local
        self._shown: dict[str, f.Disclosed] = {}
        self._whose: dict[RoomRef, str] = {}

    def heard(self, fact: Fact) -> None:
        """Remember what a message is about and whose its room is, for what is told later; the newest ``REMEMBERED`` messages."""
        if isinstance(fact, f.Disclosed) and is_seen(fact.send):
            self._shown[fact.send] = fact
            if len(self._shown) > REMEMBERED:
                del self._shown[next(iter(self._shown))]
            if fact.partner is not None and is_seen(fact.partner) and is_seen(fact.room):
                self._whose[fact.room] = fact.partner

    def about(self, fact: f.MessageSent) -> str | None:
        """What a message that left was about, where that is known."""
        shown = self._shown.get(fact.send)
        return shown.about if shown is not None else None

    def room(self, room: RoomRef) -> str:
        """A room by its partner and network, where both are known from what it was shown."""
        partner = self._whose.get(room)
        return f"{partner} ({room.network.capitalize()})" if partner is not None else str(room)

    def why_withheld(self, disclosed: f.Disclosed, said: Mapping[str, Any]) -> str:
        """Why a field was withheld from a room, in a few words."""
        return REASONS.get(said["withheld"], str(said["withheld"]))

    def why_left_out(self, room: RoomRef, partner: str, left: Mapping[str, Any]) -> str:
        """Why a room of a partner was sent nothing, in a few words."""
        return REASONS.get(left["why"], str(left["why"]))

    def sentence(self, fact: Fact) -> str:
        """What happened, in one sentence without a full stop."""
        match fact:
            case f.Started(program=program, playbooks=books):
                return f"Started, {program}, with {', '.join(books) or 'no playbook'}"
            case f.Stopped(reason=reason):
                return f"Stopped: {reason}"
            case f.RoomBound() as b:
                return f"Room {b.room} bound to {b.partner} in {b.playbook}, by {b.by}"
            case f.PersonEnrolled() as p:
                return f"{p.name} ({p.identity}) enrolled as {p.person}, {p.role}{_of(p.partner)}"
            case f.IdentityJoined() as j:
                return f"{j.person} is also {j.identity}"
            case f.IdentityLost() as lost:
                return f"{lost.identity} of {lost.person} is lost, said by {lost.by}"
            case f.DutyOffered() as d:
                return f"{d.person} asks {d.to} to take over duty for {d.partner}"
            case f.DutyTaken() as d:
                return f"{d.person} on duty for {d.partner}" + (f", after {d.given_by}" if d.given_by else "")
            case f.DutyLeft() as d:
                return f"{d.person} off duty for {d.partner}" + (f": {d.to} took over" if d.to else "")
            case f.ReachTestSent() as t:
                return f"Test of the alarm chain {t.test}, {t.playbook}, by {t.by}: {_many(t.rooms)} rooms, {_many(t.persons)} liaisons"
            case f.ReachTestAnswered() as t:
                return f"{t.test} received by {t.person}{_of(t.partner)} in {t.room}"
            case f.InvitationMade() as i:
                return f"Invitation {i.invitation} made by {i.by}: {i.role}{_of(i.partner)}, until {self._at(i.expires):%Y-%m-%d %H:%M}"
            case f.IncidentOpened() as o:
                kind = "EXERCISE" if o.exercise is True else "Rehearsal" if o.rehearsal is True else "Incident"
                title = f", {o.title}" if o.title else ""
                book = f"{o.playbook} version {o.playbook_version}"
                return f"{kind} {o.incident} opened by {o.person}{_of(o.partner)}: {book}{title}"
            case f.PlaybookProposed() as p:
                many = f"opens {p.opens}, closes {p.closes}"
                return f"{p.playbook} version {p.version} proposed by {p.person}{_of(p.partner)} ({many}): {p.digest}"
            case f.PlaybookKept() as k:
                return f"The proposed playbook declined by {k.person}{_of(k.partner)}"
            case f.PlaybookReloaded() as p:
                agreed = f"proposed by {p.proposed_by}, agreed by {p.person}{_of(p.partner)}"
                return f"Under {p.playbook} version {p.version} from here on, {agreed}: {p.digest}"
            case f.LeadTaken() as lead:
                return (
                    f"Lead {_where(lead.tier, lead.jurisdiction)}: {', '.join(lead.partners)}. {lead.basis or ''}".rstrip(
                        " ."
                    )
                    + _by(lead.rule)
                )
            case f.DangerDeclared() as d:
                return f"Danger declared by {d.person}{_of(d.partner)} until {self._at(d.until):%Y-%m-%d %H:%M}: {d.reason}{_by(d.rule)}"
            case f.AlertDrafted() as d:
                state = f"asks for {d.asking}" if d.asking else "waits to be confirmed"
                return f"Draft {d.draft}, {d.template}, by {d.person}{_of(d.partner)}: {state}"
            case f.DraftConfirmed(draft=draft, person=person):
                return f"Draft {draft} confirmed by {person}; a second person is needed"
            case f.DraftDropped(draft=draft, by=by):
                return f"Draft {draft} dropped by {by}"
            case f.AlertIssued() as a:
                alone = ", alone: nobody else came in time" if a.alone is True else f", confirmed by {a.confirmed_by}"
                return f"{a.alert} issued, {a.template}, by {a.person}{_of(a.partner)}{alone}{_by(a.rule)}"
            case f.CopyHeld() as h:
                reason = REASONS.get(h.reason, h.reason)
                what = f": {h.field} is needed, and withheld ({reason})" if h.field else f": {reason}"
                return f"{h.alert} held back from {h.partner}{what}{_by(h.rule)}"
            case f.AlertAddressed(alert=alert):
                return f"{alert} addressed"
            case f.Disclosed() as d:
                said = ", ".join(str(part) for part in (d.language, d.label) if part)
                return f"{d.about or 'Message'} for {whose(d.partner, d.room.network.capitalize())}: {said}"
            case f.MessageSent() as m:
                return f"{self.about(m) or 'Message'} sent to {self.room(m.room)}"
            case f.MessageRefused() as m:
                return f"Refused by {self.room(m.room)}: {m.reason}"
            case f.MessageUnknown() as m:
                again = "; sent once more" if m.repeat and is_seen(m.repeat) else ""
                return f"Not known whether it arrived in {self.room(m.room)}: {m.reason}{again}"
            case f.MessageDropped() as m:
                return f"Not sent to {self.room(m.room)}: {m.reason}"
            case f.AlertExpired(alert=alert):
                return f"{alert}: its time is over"
            case f.AlertCancelled() as a:
                mistake = ", sent by mistake" if a.mistake is True else ""
                return f"{a.alert} cancelled by {a.person}{_of(a.partner)}{mistake}" + _words(a.text) + _by(a.rule)
            case f.AlertRetracted() as a:
                return f"{a.alert} taken back by {a.person}{_of(a.partner)}" + _words(a.text) + _by(a.rule)
            case f.AlertSuperseded(alert=alert, by=by):
                return f"{alert}: {by} takes its place"
            case f.AlertRequested() as r:
                return f"{r.request}: {r.person}{_of(r.partner)} asks {', '.join(r.asked)} to send {r.template}"
            case f.RequestAnswered() as r:
                return f"{r.request}: {r.answer} by {r.person}{_of(r.partner)}"
            case f.Acknowledged() as a:
                spoke = f", by telephone with {a.spoke_with}" if a.spoke_with else ""
                late = ", late" if a.late is True else ""
                return f"{a.alert}: {a.partner} answers {a.choice} ({a.person}, {a.via}{spoke}{late})"
            case f.AnswerUndone() as a:
                return f"{a.alert}: {a.person}{_of(a.partner)} takes back the answer {a.choice}"
            case f.Escalated() as e:
                late = f", {e.late} s late" if is_seen(e.late) and e.late > 0 else ""
                return f"{e.about}: {e.partner} is silent; step {_next(e.step)}, {STEPS.get(e.do, e.do)}{late}"
            case f.PartnerUnreachable() as u:
                return f"{u.about}: no network accepted anything for {u.partner}"
            case f.CallTaken() as c:
                return f"{c.about}: {c.person} rings {c.partner}"
            case f.CallReported() as c:
                reached = ("reached" if c.reached else "did not reach") if is_seen(c.reached) else "rang"
                spoke = f": spoke with {c.spoke_with}" if c.spoke_with else ""
                return f"{c.about}: {c.person} {reached} {c.partner} by telephone{spoke}"
            case f.CheckinStarted() as c:
                return f"Check-in {c.name}, round {c.round}, begins"
            case f.CheckinAnswered() as c:
                late = " (late)" if c.late is True else ""
                return f"{c.round}: {c.partner} answers {c.answer}{late}, {c.person}" + _words(c.words)
            case f.CheckinOverdue(round=number):
                return f"{number}: the time to answer is over"
            case f.CheckinEnded(round=number, why=reason):
                return f"{number} is over: {reason}"
            case f.RollCallStarted() as r:
                return f"Roll call {r.rollcall} of {r.partner or 'all partners'}, by {r.person}{_of(r.by)}"
            case f.PersonAccounted() as p:
                return (
                    f"{p.rollcall}: {p.name or p.person}{_of(p.partner)} is {'in need of help' if p.state == 'help' else p.state}"
                    + _words(p.words)
                )
            case f.RollCallEnded(rollcall=number, why=reason):
                return f"{number} is over: {reason}"
            case f.PhaseChanged() as p:
                return f"Phase {p.phase} begins, after {p.before}; by {p.person}{_of(p.partner)}"
            case f.LeadOffered() as o:
                return f"{o.offer}: the lead {_where(o.tier, o.jurisdiction)} is offered to {', '.join(o.partners)}, from {', '.join(o.before) or 'nobody'} ({o.why}){_by(o.rule)}"
            case f.LeadOfferEnded() as o:
                who = f" by {o.person}{_of(o.partner)}" if o.person else ""
                return f"{o.offer}: {o.why}{who}" + _words(o.reason)
            case f.LeadEnded() as lead:
                return f"Lead {_where(lead.tier, lead.jurisdiction)}: nobody by a rule of its own any more; another lead covers it"
            case f.DecisionTaken() as d:
                return f"Decision {d.decision} by {d.person}{_of(d.partner)}{_by(d.rule)}"
            case f.Objected() as o:
                return f"{o.person}{_of(o.partner)} objects to {o.about}: {o.text}"
            case f.BriefingGiven() as b:
                return f"{b.partner} is given a briefing over the first {b.upto} entries" + (
                    f", with {b.offer}" if b.offer else ""
                )
            case f.DutyShown() as d:
                return f"{d.person or d.partner} is shown what the law asks{_by(d.rule)}"
            case f.DutyConfirmed() as d:
                return f"{d.person}{_of(d.partner)} confirms to know what the law asks{_by(d.rule)}"
            case f.DangerEnded(by=by):
                return f"The declared danger is over: {by}"
            case f.Said() as s:
                return f"{s.said}: {s.person or 'somebody'}{_of(s.partner)} in {_list(s.channels)}" + content(s.content)
            case f.SaidAnew() as s:
                return f"{s.said} is changed" + content(s.content)
            case f.TakenBack(said=said):
                return f"{said} is taken back"
            case f.ReactedTo() as r:
                return (
                    f"{r.said}: {r.person}{_of(r.partner)} "
                    + ("takes back the reaction " if r.gone is True else "reacts ")
                    + str(r.emoji)
                )
            case f.DeadlinePassed() as d:
                late = f", {d.late} s late" if is_seen(d.late) and d.late > 0 else ""
                return f"Time to {due(d.key) if is_seen(d.key) else WITHHELD}{late}"
            case f.MessageTracked() as m:
                known = is_seen(m.role) and is_seen(m.about)
                words = tracked(m.role, m.about) if known else f"A message ({m.role}) about {m.about} in {{}}"
                return words.format(whose(m.partner, m.room.network.capitalize()))
            case f.NoteAdded() as n:
                return f"Note by {n.person}{_of(n.partner)}: {n.text}"
            case f.CommandRefused() as c:
                reason = _REFUSED.get(c.reason, c.reason)
                return f"Refused to {c.person}{_of(c.partner)}: {c.command}, {reason}{_by(c.rule)}"
            case f.LogRead() as r:
                asked = f", who asked: {r.question}" if r.question else ""
                why = f"; because {r.reason}" if r.reason else ""
                of = f"; from {r.shown} of {r.upto} entries" if r.shown is not None and is_seen(r.shown) else ""
                return f"Log read by {r.person}{_of(r.partner)}{asked}{why}{of}"
            case f.Exported() as e:
                kept = sum(one for one in e.withheld.values() if isinstance(one, int)) if is_seen(e.withheld) else 0
                of = f"; {e.disclosed} fields shown, {kept} withheld" if is_seen(e.disclosed) and e.disclosed else ""
                return f"Exported by {e.by} as a {e.form}, for {e.reader}: {e.reason}{of}"
            case f.CheckpointPosted() as c:
                return f"The log's signed state over {c.size} entries is posted to {c.partner} ({c.room.network.capitalize()})"
            case f.CheckpointCosigned() as c:
                by = "as the playbook has it" if c.confirmed is True else "as the operator says"
                return f"{c.partner} cosigns the log's state over {c.size} entries; the key is theirs {by}"
            case f.KeyReplaced() as k:
                return f"The signing key replaced by {k.by}: {k.reason}. From here on {k.new}, before {k.old}"
            case f.RollbackFound() as r:
                return f"The log of {r.stream} is not what was signed: {r.size} entries now, {r.signed} were signed; an older database was put back"
            case f.FieldErased() as e:
                return f"Field {e.path} of entry {e.entry} erased by {e.by}: {e.reason}; on the basis of {e.basis}"
            case f.PersonErased() as e:
                return f"What was held of {e.person or 'a person'} erased by {e.by}, in {e.entries} entries: {e.reason}; on the basis of {e.basis}"
            case f.LogErased() as e:
                return f"Everything up to entry {e.upto} erased by {e.by}, after the {e.days} days for which it is kept: {e.reason}"
            case f.HoldPlaced() as h:
                return f"Legal hold on {h.on} placed by {h.by}: {h.reason}"
            case f.HoldLifted() as h:
                return f"Legal hold on {h.on} lifted by {h.by}: {h.reason}"
            case f.PartnerAdmitted() as p:
                return f"{p.name} ({p.partner}) admitted until {self._at(p.until):%Y-%m-%d %H:%M} as {p.kind}, by {p.person}{_of(p.by)}{_by(p.rule)}"
            case f.AdmissionEnded() as p:
                return f"{p.partner} takes part no longer: {p.by}"
            case f.StandInNamed() as s:
                return f"{s.stand_in} stands in for {s.office} of {s.partner} by {s.instrument}, said by {s.person}"
            case f.CopyReleased() as c:
                return f"{c.alert}: the copy held back from {c.partner} is released by {c.person}"
            case f.CallAsked() as c:
                return f"{c.alert}: {c.partner} is asked to ring, by {c.person}"
            case f.IncidentClosed() as c:
                return f"Closed by {c.person}{_of(c.partner)}" + (f": {c.reason}" if c.reason else "")
            case _:
                return _generic(fact)

    def below(self, fact: Fact) -> Iterator[str]:
        """What belongs below the sentence: the fields of an alert, what a message shows and withholds, whom an alert goes to."""
        match fact:
            case f.AlertDrafted() | f.AlertIssued() | f.AlertRequested() | f.DecisionTaken():
                yield from (
                    f"{name.removeprefix('_')}: {field_value(value)}"
                    for name, value in sorted(fact.fields.items(), key=lambda one: not one[0].startswith("_"))
                    if value is not None
                )
            case f.CheckinStarted() as c if c.partners:
                yield f"asks {', '.join(c.partners)}"
            case f.Disclosed() as d:
                yield from self._fields(d)
            case f.AlertAddressed():
                for state, partners in _grouped(fact.partners).items():
                    yield f"{_ADDRESSED.get(state, state)}: {', '.join(partners)}"
                yield from self._left_out(fact)
            case _:
                pass

    def _at(self, at: datetime) -> datetime:
        return self._zone(at) if is_seen(at) else at

    def _left_out(self, addressed: f.AlertAddressed) -> Iterator[str]:
        """The rooms that were sent nothing, though their partner's others may have been."""
        for partner, how in addressed.partners.items():
            for written, left in how.get("left_out", {}).items():
                room = RoomRef.parse(written)
                reason = self.why_left_out(room, partner, left)
                yield f"nothing in {partner} ({room.network.capitalize()}): {reason}"

    def _fields(self, disclosed: f.Disclosed) -> Iterator[str]:
        whole: list[str] = []
        coarser: list[str] = []
        withheld: dict[str, list[str]] = {}
        for path, said in disclosed.fields.items():
            name = path.removeprefix("_")
            if said is None:
                continue
            if "withheld" in said:
                withheld.setdefault(self.why_withheld(disclosed, said), []).append(name)
            elif said.get("value", ERASED) is not None:
                exact = said["form"] == "exact"
                name = name if "value" in said else f"{name} (erased since)"
                (whole if exact else coarser).append(name if exact else f"{name} only as {said['form']}")
        shown = [*whole, *coarser]
        if shown:
            yield "shows " + ", ".join(shown)
        for reason, names in withheld.items():
            yield f"withholds {', '.join(names)}: {reason}"


def _grouped(partners: Mapping[str, Any]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for partner, how in partners.items():
        state = how.get("status", "?") if isinstance(how, Mapping) else str(how)
        grouped.setdefault(state, []).append(partner)
    return grouped


def _by(rule: str | None) -> str:
    """The playbook's line, as it can be looked up; nothing where it is not shown."""
    if not is_seen(rule) or not rule:
        return ""
    book, colon, line = rule.rpartition(":")
    return f" ({book}, line {line})" if colon else f" ({rule})"


def _of(partner: str | None) -> str:
    return f" of {partner}" if partner and is_seen(partner) else ""


def _words(text: str | None) -> str:
    return f": {text}" if text else ""


def _where(tier: str | None, jurisdiction: str | None) -> str:
    return " ".join(str(part) for part in (tier, jurisdiction) if part) or "of all"


def _many(several: tuple[str, ...]) -> str:
    return str(len(several)) if is_seen(several) else WITHHELD


def _next(step: int) -> str:
    return str(step + 1) if is_seen(step) else WITHHELD


def _list(several: tuple[str, ...]) -> str:
    return ", ".join(several) or "no channel"


def _parts(fact: Fact) -> Iterator[tuple[str, Any]]:
    """What a fact says, field by field, without what is absent or not shown."""
    for attribute in fields(fact):
        value = getattr(fact, attribute.name)
        if attribute.metadata.get("each"):
            yield from ((f"{attribute.name}/{key}", one) for key, one in value.items() if one is not None)
        elif not isinstance(value, Unseen) and value not in (None, False):
            yield attribute.name, f.timestamp(value) if isinstance(value, datetime) else value


def _generic(fact: Fact) -> str:
    words = named(type(fact).__name__)
    said = [f"{name} {plain(value)}" for name, value in _parts(fact) if name not in _QUIET]
    return f"{words}: {', '.join(said)}" if said else words
