"""``/export``: a copy of the log for whoever asks. It comes into their private chat with us, never into a room.

An auditor of the whole deployment has the auditor's copy, or that of a partner; anybody else who may ask, their own partner's. The copy is made when its
turn to leave comes, and the log tells of it then; that it was asked for, and why, it tells at once. What a partner may be shown, its private chats
must be able to carry too: a copy holds all of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from shlex import quote

from handlers.auditing import carried_at_most, damaged
from handlers.case import Case
from handlers.closest import highest
from handlers.command import BECAUSE, words
from handlers.coordinators import between_two
from handlers.moments import moment
from handlers.texts import say
from playbooks.cleared import Cleared, Reader, code, echo, enclosed, glue, listed, name, short_id, strong, word
from playbooks.labels import Tlp
from playbooks.rooms import RoomRef
from playbooks.spoken import File
from storage.effects import Carried, Effect, Send, Urgency
from storage.export.forms import FORMS
from storage.facts import LogRead

AUDITOR = "auditor"
MADE = "made:"
"""How the place of a file begins that is made here: see ``bot.spool``."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which copy: for whom (a partner's id, or ``auditor``), in which form, and why. ``unknown``: a single word before "because" that is neither."""

    whom: str
    form: str
    reason: str
    unknown: str = ""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/export [PARTNER|auditor] [FORM] because REASON``."""
    assert case.incident is not None and case.book is not None
    wanted = _read(case, arguments)
    if not wanted.reason:
        again = code(echo(f"/export {wanted.form} because …", case.request.room))
        forms = code(echo(" · ".join(FORMS), case.request.room))
        return [case.answer(glue([case.say("Say why you want a copy; it is recorded, and stands in it: {command}", command=again), case.say("Forms: {forms}", forms=forms)]))]  # fmt: skip
    if wanted.unknown:
        typed, forms = echo(wanted.unknown[:60], case.request.room), code(echo(" · ".join(FORMS), case.request.room))
        return [case.answer(glue([case.say("There is no form or partner {word}.", word=typed), case.say("Forms: {forms}", forms=forms)]))]  # fmt: skip
    whose = case.actor.partner
    if whose is None and not case.actor.auditor:
        return case.refuse(_on_the_server_only(case, wanted), "/export", "role")
    if not (case.actor.auditor or wanted.whom == whose):
        return case.refuse(case.say("Here you can have a copy for your own partner only."), "/export", "role")
    room = _private_chat(case)
    if room is None:
        return [case.answer(case.say("The copy would come to you alone, and I have no private chat with you on {network}. Write to me there, and ask for it there.", network=word(case.request.room.network)))]  # fmt: skip
    if case.request.damaged is not None:
        return [case.answer(damaged(case, case.request.damaged))]
    above = _too_much_for(case, wanted, room)
    if above is not None:
        return [case.answer(above)]
    asked = f"export {wanted.form} for {wanted.whom}"
    fact = LogRead(case.actor.person, case.actor.partner, wanted.reason, case.incident.size, asked)
    effects: list[Effect] = [case.record(fact), _copy(case, wanted, room)]
    if room != case.request.room:
        effects.append(case.answer(case.say("The copy comes to you in our private chat.")))
    return effects


def _on_the_server_only(case: Case, wanted: _Wanted) -> Cleared:
    """To a coordinator of no partner, to whom no part of the log belongs: who can have a copy."""
    theirs = wanted if wanted.whom else replace(wanted, whom=AUDITOR)
    return case.say(
        "A coordinator of no partner gets no copy here. Ask an auditor ({invite}), or make it on the server: {command}",
        invite=code(echo("/invite auditor", case.request.room)),
        command=_on_the_server(case, theirs, case.request.room),
    )


def _read(case: Case, arguments: str) -> _Wanted:
    """Apart: for whom, in which form, and why. What is neither a form nor a partner begins the reason."""
    assert case.book is not None
    whom, form = case.actor.partner or "", "bundle"
    if case.actor.auditor:
        whom = AUDITOR
    left = arguments.strip()
    while left:
        first = words(left)[0] if words(left) else ""
        meant = first.casefold()
        if meant in FORMS:
            form = meant
        elif meant == AUDITOR or _known(case, meant):
            whom = meant
        else:
            break
        left = left[left.index(first) + len(first) :].lstrip('"” ')
    because = BECAUSE.match(left)
    first = words(left)[0] if words(left) else ""
    said = BECAUSE.match(left[left.index(first) + len(first) :].lstrip('"” ')) if first and because is None else None
    if said is not None:
        return _Wanted(whom, form, said[1].strip(), first)
    return _Wanted(whom, form, (because[1] if because is not None else left).strip())


def _known(case: Case, partner: str) -> bool:
    """Whether this names a partner of which whoever asks may know."""
    assert case.book is not None
    return partner in case.book.playbook.partners and listed(case.book, _alone(case), partner)


def _alone(case: Case) -> Reader:
    """Whoever asks, as the reader of what is for them alone."""
    reader = case.reader
    auditor = case.actor.auditor
    return Reader(reader.room, reader.partner, reader.insider or auditor, reader.languages, auditor)


def _private_chat(case: Case) -> RoomRef | None:
    """Where somebody can be written to alone: where they ask, else a chat that they have opened with us."""
    if case.request.private:
        return case.request.room if between_two(case.world, case.request.room) else None
    known = case.world.who.direct.get(case.actor.identity)
    return known if known is not None and between_two(case.world, known) else None


def _too_much_for(case: Case, wanted: _Wanted, room: RoomRef) -> Cleared | None:
    """Why this chat's network may not carry such a copy; None where it may."""
    assert case.book is not None
    # An auditor's copy holds all that was ever said, a partner's what it was shown and its people said themselves.
    most = highest(case.world, case.request.kept)
    if wanted.whom != AUDITOR:
        most = min(most, case.book.playbook.partners[wanted.whom].clearance.tlp)
    ceiling = carried_at_most(case, room)
    if ceiling is not None and most <= ceiling:
        return None
    return case.say(
        "A copy may hold {level}; by this playbook our chat on {network} may carry {ceiling} at most. Ask in a private chat that may carry it, or on the server: {command}",
        level=word(str(most)),
        network=word(room.network),
        ceiling=word(str(ceiling if ceiling is not None else Tlp.CLEAR)),
        command=_on_the_server(case, wanted, case.request.room),
    )


def _on_the_server(case: Case, wanted: _Wanted, room: RoomRef) -> Cleared:
    """The command that makes the same copy there, as it can be typed. The reason is theirs, on one line."""
    assert case.incident is not None
    made = f"{case.incident.id}-{wanted.whom}{FORMS[wanted.form].suffix}"
    form = "" if wanted.form == "bundle" else f" --format {wanted.form}"
    reason = quote(" ".join(wanted.reason.split())[:300])
    return code(echo(f"tocsin export {case.incident.id} --for {wanted.whom}{form} --reason {reason} -o {made}", room))


def _copy(case: Case, wanted: _Wanted, room: RoomRef) -> Send:
    """The message that the copy comes with: whose it is, of which log, that it says why and on which checkpoint it stands."""
    assert case.incident is not None and case.book is not None
    spoken = case.reader.languages
    reader = _alone(case)
    whose = name(case.book, reader, wanted.whom) if wanted.whom != AUDITOR else say(spoken, "an auditor")
    head = strong(say(spoken, "The log of {incident}, for {whom}", incident=short_id(case.incident.id), whom=whose))
    lines = [
        say(
            spoken,
            "As it stands when I send it. Whose it is, why it was made, what is withheld, and the signed checkpoint on which it stands, it says itself.",
        ),
        say(spoken, "Asked for {time}. Give it to nobody else.", time=moment(case.book, case.now, case.now, spoken)),
    ]
    if room == case.request.room:
        lines.insert(0, say(spoken, "Because: {reason}", reason=echo(wanted.reason[:300], room)))
    if wanted.form == "bundle":
        lines.append(say(spoken, "Anybody can check it, without this server: tocsin verify, or verify.py in it."))
    body = glue(lines)
    named = {"stream": case.incident.id, "for": wanted.whom, "form": wanted.form, "by": case.actor.person, "reason": wanted.reason}  # fmt: skip
    if wanted.whom in (AUDITOR, case.actor.partner):
        named["language"] = spoken[0]  # they read it themselves; another partner's copy is in that partner's language
    # No network has it: the place says what is to be made.
    file = File("matrix", MADE + _json(named), "file", f"{case.incident.id}-{wanted.whom}{FORMS[wanted.form].suffix}")
    instead = say(
        spoken,
        "The copy could not be sent here: it could not be made, or is too large. On the server: {command}",
        command=_on_the_server(case, wanted, room),
    )
    said_at = say(spoken, "asked for {time}", time=moment(case.book, case.now, case.now, spoken))
    return Send(
        case.stream,
        room,
        glue([head, body]),
        Urgency.ANSWER,
        partner=case.actor.partner,
        language=next(iter(spoken), ""),
        carries=Carried(head, body, case.now, said_at, enclosed(file, room), instead),
    )


def _json(named: dict[str, str]) -> str:
    return json.dumps(named, ensure_ascii=False, sort_keys=True)
