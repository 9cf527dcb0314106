"""/decide: a decision of the lead goes on record, with its reasons and what was not done; /object: that somebody is against something.

What was decided and why is one thing to the visibility rule, the built-in field ``_decision``: whoever may see it sees all of it, and
nobody can tell a decision without reasons from one with them. Said step by step it is kept as it grows; nothing is told before the
last step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from handlers import leading
from handlers.case import Case, room_reader
from handlers.drafting import MOST_WORDS
from handlers.moments import moment
from handlers.pending import ANSWERED_WITHIN
from handlers.texts import say
from handlers.world import World, bound_for, circumstances, sight_room
from playbooks import sight
from playbooks.cleared import Cleared, Reader, clock, echo, glue, listed, name, short_id, strong, value
from playbooks.rooms import RoomRef
from playbooks.selection import Event
from playbooks.values import Text
from storage.effects import Effect, Record, Send, Tap, Unwake, Urgency, Wake
from storage.facts import DecisionDrafted, DecisionTaken
from storage.incident import Incident
from storage.store import Deadline, OutboxRow

PARTS = ("_decision", "rationale", "rejected")
_AROUND = " ,;\t\n\r\v\f\u00a0\u202f"
# Each begins at a word: where it began with what stands before that, a thousand commas were tried a million times.
ABOUT = "decision"
"""What our questions are about: a decision has no id before it is taken."""
CONFIRM = "confirm"
"""What is asked last: whether that is what was decided."""
_BECAUSE = re.compile(
    r"(?<=[\s,;])(?:because|parce que|parce qu['’]|puisque|omdat|weil|perch[éè]|porque)\b[\s:]*", re.IGNORECASE
)
_REJECTED = re.compile(
    r"(?<!\w)(?:rejected|(?:rejet|écart|ecart)[ée]e?s?|afgewezen|verworpen|verworfen|abgelehnt|scartat[oei]|respint[oei]"
    r"|descartad[oa]s?|rechazad[oa]s?)\s*:\s*",
    re.IGNORECASE,
)
_NO = frozenset(
    ("skip", "-", "none", "no", "non", "nee", "nein", "aucun", "aucune", "geen", "keine", "nessuno", "ninguno")
)


# --- taken ---------------------------------------------------------------------------------------------------------------


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/decide TEXT [because RATIONALE] [rejected: A; B]``; alone, it asks step by step; ``skip`` and ``stop`` are its buttons."""
    assert case.incident is not None
    typed = arguments.strip()
    draft = case.incident.deciding.get(case.actor.identity)
    if typed.lower() in ("stop", "skip", "send") and draft is None:
        return [case.answer(case.say("That choice is no longer open."))]
    if draft is not None and typed.lower() == "stop":
        return _stopped(case, draft)  # also for whoever leads no longer
    rule = _rule(case)
    if isinstance(rule, list):
        return rule
    if draft is not None and typed.lower() == "skip":
        return _step(case, draft, None) if draft.asking in PARTS else _preview(case, draft.fields)
    if draft is not None and typed.lower() == "send":
        if draft.asking != CONFIRM:
            return _ask(case, draft.fields, str(draft.asking))
        return [Unwake(_key(case.incident, draft.identity)), *_take(case, draft.fields, rule)]
    if not typed:
        return _ask(case, dict.fromkeys(PARTS), "_decision")
    parts = read(typed)
    if parts["_decision"] is None:
        return _ask(case, parts, "_decision")
    return _take(case, parts, rule)


def read(typed: str) -> dict[str, str | None]:
    """What was decided, why, and what was rejected, from one line."""
    rest, _, rejected = _cut(typed, _REJECTED)
    what, _, why = _cut(rest, _BECAUSE)
    return {"_decision": what or None, "rationale": why or None, "rejected": rejected or None}


def _cut(typed: str, mark: re.Pattern[str]) -> tuple[str, str, str]:
    found = mark.search(typed)
    if found is None:
        return typed.strip(_AROUND), "", ""
    return typed[: found.start()].strip(_AROUND), found[0], typed[found.end() :].strip(_AROUND)


def _rule(case: Case) -> str | list[Effect]:
    """The rule by which this person decides; or why they do not. Any partner of a unified command may, for what it leads."""
    assert case.book is not None and case.incident is not None
    partner = case.actor.partner
    mine = leading.may_decide(case)
    if mine:
        return case.rule(mine[0].rule)
    line = case.book.line("leads")
    if leading.led_with(case):
        words = case.say(
            "Not recorded. Only liaisons, officials and coordinators of {partner} may do that.",
            partner=name(case.book, case.reader, str(partner)),
        )
        return case.refuse(words, "/decide", "role", line)
    lines = leading.lines(case.book, case.reader, case.incident.leads)
    return case.refuse(
        glue([case.say("Not recorded: only who leads decides. /note keeps a remark."), *lines]),
        "/decide",
        "not-theirs",
        line,
    )


def _take(case: Case, parts: Mapping[str, str | None], rule: str) -> list[Effect]:
    assert case.book is not None and case.incident is not None and case.actor.partner is not None
    refused = _too_long(case, parts)
    if refused is not None:
        return refused
    identifier = case.world.next_id("K")
    fact = DecisionTaken(
        identifier, case.actor.person, case.actor.partner, case.request.room, rule, {part: parts.get(part) for part in PARTS}
    )  # fmt: skip
    effects: list[Effect] = [case.record(fact)]
    told = _told(case.world, case.incident, fact, case.now)
    effects += told
    if not any(send.to == case.request.room for send in told):
        known = {send.partner for send in told if listed(case.book, case.reader, str(send.partner))}
        words = case.says(
            "Recorded as {decision}, {time}. {count} partner is told.",
            "Recorded as {decision}, {time}. {count} partners are told.",
            len(known),
            decision=strong(short_id(identifier)),
            time=clock(case.book, case.now),
        )
        effects.append(case.answer(words))
    return effects


def _too_long(case: Case, parts: Mapping[str, str | None]) -> list[Effect] | None:
    if any(part is not None and len(part) > MOST_WORDS for part in parts.values()):
        words = case.says(
            "That is too long: at most {count} character for each part.",
            "That is too long: at most {count} characters for each part.",
            MOST_WORDS,
        )
        return [case.answer(words)]
    return None


def _told(
    world: World, incident: Incident, fact: DecisionTaken, now: datetime, only: RoomRef | None = None
) -> list[Send]:
    """Every room that may see it, in silence. ``only``: this room alone."""
    book = world.book_of(incident)
    sends: list[Send] = []
    for binding in bound_for(world, book, "alerts", exercise=incident.opened.exercise):
        if only is not None and binding.room != only:
            continue
        reader = room_reader(world, book, binding.room, binding.partner)
        words = _words(world, incident, fact, reader, sight_room(world, binding), now)
        if words is None:
            continue
        heading = say(
            reader.languages,
            "<b>Decision {decision}</b> · {partner}, {time}",
            decision=short_id(fact.decision),
            partner=name(book, reader, fact.partner),
            time=moment(book, _at(incident, fact, now), now, reader.languages),
        )
        sends.append(
            Send(
                incident.id,
                binding.room,
                glue([heading, words]),
                Urgency.PROMPT,
                about=fact.decision,
                partner=binding.partner,
                language=reader.languages[0] if reader.languages else "",
            )
        )
    return sends


def _at(incident: Incident, fact: DecisionTaken, now: datetime) -> datetime:
    known = incident.decisions.get(fact.decision)
    return known.at if known is not None else now


def again(world: World, incident: Incident, row: OutboxRow, now: datetime) -> list[Effect]:
    """A decision that waited too long to be told, as it may be told now."""
    return [*_told(world, incident, incident.decisions[str(row.about)].fact, now, only=row.to)]


# --- read ----------------------------------------------------------------------------------------------------------------


def shown(
    world: World, incident: Incident, identifier: str, reader: Reader, room: sight.Room, now: datetime
) -> Cleared | None:
    """A decision as a line with its reasons, for a room that may see it."""
    book, kept = world.book_of(incident), incident.decisions[identifier]
    words = _words(world, incident, kept.fact, reader, room, now)
    if words is None:
        return None
    return say(
        reader.languages,
        "• {decision}, {time}, {partner}: {words}",
        decision=short_id(identifier),
        time=moment(book, kept.at, now, reader.languages),
        partner=name(book, reader, kept.fact.partner),
        words=words,
    )


def may_see(world: World, incident: Incident, identifier: str, room: sight.Room, now: datetime) -> bool:
    """Whether a room may see a decision."""
    event = _event(world, incident, incident.decisions[identifier].fact)
    so = circumstances(world, incident, now)
    return isinstance(sight.decide(world.book_of(incident), so, event, room, "_decision"), sight.Seen)


def _words(
    world: World, incident: Incident, fact: DecisionTaken, reader: Reader, room: sight.Room, now: datetime
) -> Cleared | None:
    book = world.book_of(incident)
    event = _event(world, incident, fact)
    view = sight.view(book, circumstances(world, incident, now), event, room, ("_decision",))
    return value(book, view, "_decision", reader.languages)


def _lines(parts: Mapping[str, str | None]) -> list[str]:
    what, why, rejected = (parts.get(part) for part in PARTS)
    lines = [what or "", *([f"↳ {why}"] if why else [])]
    return lines + [f"✗ {option.strip()}" for option in re.split(r"[;\n]", rejected or "") if option.strip()]


def _event(world: World, incident: Incident, fact: DecisionTaken) -> Event:
    """All that was said of a decision as one text: signs, not words, tell its parts apart, so that it is in no language but its own."""
    lines = _lines(fact.fields)
    home = world.book_of(incident).playbook.partners[fact.partner].jurisdiction
    return Event(fact.partner, frozenset({home}), {"_decision": Text("\n".join(lines))})


# --- step by step --------------------------------------------------------------------------------------------------------


def awaited(incident: Incident, identity: str | None, room: RoomRef) -> DecisionDrafted | None:
    """The decision that somebody is saying here, step by step; none once their partner leads no longer."""
    draft = incident.deciding.get(identity or "")
    if draft is None or draft.room != room or draft.asking not in PARTS:
        return None
    return draft if any(draft.partner in one.partners for one in incident.leads) else None


def spoken(case: Case, draft: DecisionDrafted) -> list[Effect]:
    """The words for the part that was asked for."""
    rule = _rule(case)
    if isinstance(rule, list):
        return rule
    words = case.request.text.strip()
    if draft.asking != "_decision" and words.lower().strip(" .!") in _NO:
        return _step(case, draft, None)
    return _step(case, draft, words or None)


def _step(case: Case, draft: DecisionDrafted, words: str | None) -> list[Effect]:
    parts = {part: draft.fields.get(part) for part in PARTS}
    asking = str(draft.asking)
    if asking == "_decision":
        if words is None:
            return _ask(case, parts, asking)
        parts |= {part: said for part, said in read(words).items() if said is not None}
    else:
        parts[asking] = words
    left = [part for part in PARTS[PARTS.index(asking) + 1 :] if parts.get(part) is None]
    if left:
        return _ask(case, parts, left[0])
    return _preview(case, parts)


def _key(incident: Incident, identity: str) -> str:
    return f"decision:{incident.id}:{identity}"


def _kept(case: Case, parts: Mapping[str, str | None], asking: str) -> list[Effect]:
    """What was said by now, and until when more is awaited."""
    assert case.incident is not None and case.actor.partner is not None
    who = case.actor
    words = {part: parts.get(part) for part in PARTS}
    fact = DecisionDrafted(who.identity, who.person, str(who.partner), case.request.room, words, asking)
    at = case.now + ANSWERED_WITHIN
    return [case.record(fact), Wake(_key(case.incident, who.identity), case.stream, at, "decision-over", who.identity)]


def _preview(case: Case, parts: Mapping[str, str | None]) -> list[Effect]:
    """All that was said, before anybody else sees it."""
    assert case.incident is not None
    refused = _too_long(case, parts)
    if refused is not None:
        return refused
    lines = [echo(line, case.request.room) for line in _lines(parts)]
    words = glue([case.say("<b>Put this decision on record?</b> Whoever may see it is told."), *lines])
    send = case.tap("Send", f"/decide {case.incident.id} send", "✅")
    stop = case.tap("Stop", f"/decide {case.incident.id} stop", "❌")
    asked = case.answer(words, [[send, stop]], about=ABOUT, urgency=Urgency.PROMPT)
    return [*_kept(case, parts, CONFIRM), asked]


def over(world: World, incident: Incident, deadline: Deadline, now: datetime) -> list[Effect]:
    """Nobody went on with a decision: it takes no more words, and nothing is on record."""
    draft = incident.deciding.get(deadline.about)
    if draft is None:
        return []
    ended = replace(draft, asking=None)
    reader = room_reader(world, world.book_of(incident), draft.room, draft.partner)
    words = say(reader.languages, "Stopped: nothing is recorded as decided.")
    told = Send(incident.id, draft.room, words, Urgency.CHATTER, about=ABOUT, partner=draft.partner)
    return [Record(incident.id, ended), told]


def _ask(case: Case, parts: Mapping[str, str | None], asking: str) -> list[Effect]:
    assert case.incident is not None and case.actor.partner is not None
    questions = {
        "_decision": case.say("What is decided? Write it in one message."),
        "rationale": case.say("Why?"),
        "rejected": case.say("What else was considered, and not chosen? Several with ; between them."),
    }
    stop = case.tap("Stop", f"/decide {case.incident.id} stop", "❌")
    skip = case.tap("Skip", f"/decide {case.incident.id} skip", "⏭️")
    taps: list[list[Tap]] = [[stop]] if asking == "_decision" else [[skip, stop]]
    asked = case.answer(questions[asking], taps, about=ABOUT, urgency=Urgency.PROMPT)
    return [*_kept(case, parts, asking), asked]


def _stopped(case: Case, draft: DecisionDrafted) -> list[Effect]:
    fact = DecisionDrafted(
        draft.identity, case.actor.person, draft.partner, draft.room, {part: draft.fields.get(part) for part in PARTS}
    )
    assert case.incident is not None
    over_ = Unwake(_key(case.incident, draft.identity))
    return [case.record(fact), over_, case.answer(case.say("Stopped: nothing is recorded as decided."))]
