"""/cancel and /retract: an alert is over before its time, or should never have been said; and who may say so, or replace it.

The partner that issued it may, those whose prerogative such an alert is there, and the lead. Whoever may not see where it is
cannot know whether that is their ground, and is treated as if it were not.
"""

from __future__ import annotations

from collections.abc import Sequence

from handlers.addressing import said_event, sees_place
from handlers.afterwards import after
from handlers.alert_card import over_words
from handlers.case import Case
from handlers.command import short_ids
from handlers.corrections import ended
from handlers.moments import moment
from handlers.recap import followed
from handlers.taking_back import take_back
from handlers.world import sight_room
from playbooks import mandate
from playbooks.cleared import Cleared, glue, listed, name, short_id, strong
from playbooks.values import Place
from storage.effects import Effect, Tap
from storage.facts import AlertCancelled, AlertRetracted
from storage.incident import Issued
from storage.store import Utterance

_MISTAKE = frozenset(
    ("mistake", "erreur", "fout", "vergissing", "fehler", "irrtum", "versehen", "errore", "sbaglio", "error")
)
MOST_WORDS = 500
"""Characters that the reason of a cancellation may have."""
MOST_TAPS = 9


def cancel(case: Case, arguments: str) -> list[Effect]:
    """``/cancel A-17``, ``/cancel A-17 mistake``, ``/cancel A-17 words``."""
    about, rest = named(case, arguments)
    if about is None:
        return _which(case, "cancel", case.say("Which alert is to be cancelled?"))
    issued = known(case, about)
    if issued is None:
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(about)))]
    if issued.state != "open":
        return over(case, issued, "cancel")
    rule = right(case, issued)
    if rule is None or not case.actor.may_issue:
        return _refused(case, issued, "/cancel")
    if len(rest) > MOST_WORDS:
        return [case.answer(_too_long(case))]
    mistake = rest.lower().strip(" .!") in _MISTAKE
    text = rest if rest and not mistake else None
    fact = AlertCancelled(about, case.actor.person, str(case.actor.partner), mistake, text, rule)
    if mistake:
        words = case.say(
            "{alert} is cancelled, as sent by mistake. Whoever was shown it is told.", alert=short_id(about)
        )
    else:
        words = case.say("{alert} is cancelled. Whoever was shown it is told.", alert=short_id(about))
    return _done(case, fact, words)


def _talk(case: Case, said: Utterance) -> list[Effect]:
    """``/retract`` as an answer to what was said in a channel: whoever said it, or a liaison of theirs, takes it back from the other rooms."""
    incident = case.world.incidents.get(said.stream)
    here = said.room.chat == case.request.room.chat and case.actor.partner == said.partner
    if incident is None or incident.closed_at is not None or not here:
        return [case.answer(case.say("Only in the room where it was said can it be taken back."))]
    if case.actor.person != said.person and not case.actor.may_issue:
        return [case.answer(case.say("Only whoever said it can take it back, or a liaison of the same partner."))]
    if said.gone:
        return [case.answer(case.say("It was taken back."))]
    words = case.say("Taken back from the other rooms, where their networks can. Here it stays until you delete it.")
    effects = take_back(incident, said, case.request.room, case.request.copies)
    return [*followed(case.world, said, case.request.recaps, effects, case.now, case.request.apart), case.answer(words)]


def retract(case: Case, arguments: str) -> list[Effect]:
    """``/retract A-17 [words]``: what should not have been said. The words are for the log."""
    if case.request.answers is not None and not arguments.strip() and case.request.about is None:
        return _talk(case, case.request.answers)
    about, rest = named(case, arguments)
    if about is None:
        return _which(
            case, "retract", case.say("Which alert is to be withdrawn? Its copies are removed where the network can.")
        )
    issued = known(case, about)
    if issued is None:
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(about)))]
    if issued.state == "retracted":
        return over(case, issued, "retract")
    rule = right(case, issued)
    if rule is None or not case.actor.may_issue:
        return _refused(case, issued, "/retract")
    if len(rest) > MOST_WORDS:
        return [case.answer(_too_long(case))]
    fact = AlertRetracted(about, case.actor.person, str(case.actor.partner), rest or None, rule)
    words = case.say(
        "{alert} is withdrawn. Its copies are removed where the network can, and whoever was shown it is told.",
        alert=short_id(about),
    )
    following = _next(case, issued)
    if following is None:
        return _done(case, fact, words)
    still = case.say("{next}, which took its place, still stands.", next=strong(short_id(following)))
    return _done(case, fact, glue([words, still]), [[_tap(case, "retract", following)]])


def _done(
    case: Case, fact: AlertCancelled | AlertRetracted, words: Cleared, taps: Sequence[Sequence[Tap]] = ()
) -> list[Effect]:
    assert case.incident is not None
    world = after(case.world, case.incident.id, [fact], case.now)
    replaces = case.request.message if case.request.via == "button" else None
    return [
        case.record(fact),
        *ended(world, world.incidents[case.incident.id], fact.alert, case.now),
        case.answer(words, taps, replaces=replaces),
    ]


def _too_long(case: Case) -> Cleared:
    return case.says(
        "Nothing was done. The reason may have at most {count} character.",
        "Nothing was done. The reason may have at most {count} characters.",
        MOST_WORDS,
    )


# --- which alert -----------------------------------------------------------------------------------------------------------


def named(case: Case, arguments: str) -> tuple[str | None, str]:
    """The alert that is meant, by its id in front or by the message replied to, and the other words."""
    ids = [identifier for identifier in short_ids(arguments.partition(" ")[0]) if identifier.startswith("A-")]
    if ids:
        return ids[0], arguments.partition(" ")[2].strip()
    about = case.request.about.about if case.request.about is not None else None
    assert case.incident is not None
    return (about if about in case.incident.alerts else None), arguments.strip()


def known(case: Case, about: str) -> Issued | None:
    """The alert, if whoever asks may know of it: they were shown it, or told to ring about it, or it is theirs to end."""
    assert case.incident is not None
    issued = case.incident.alerts.get(about)
    if issued is None:
        return None
    theirs = issued.shown_to(case.actor.partner) or case.actor.partner in issued.to_ring
    return issued if theirs or right(case, issued) is not None else None


def right(case: Case, issued: Issued) -> str | None:
    """The rule by which their partner may end this alert; None: it may not."""
    assert case.book is not None and case.incident is not None
    partner, fact = case.actor.partner, issued.fact
    if partner is None:
        return None
    if partner == fact.partner:
        return fact.rule
    leading = case.so.lead_for(case.book.playbook.partners[fact.partner].jurisdiction)
    if leading is not None and partner in leading.partners:
        return case.rule(leading.rule)
    event = said_event(case.book, issued)
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    room = sight_room(case.world, binding) if binding is not None else None
    if event.place is not None and not sees_place(case.book, case.so, event, room):
        return None
    place = event.fields.get(event.place) if event.place is not None else None
    verdict = mandate.may_issue(case.book, case.so, fact.template, partner, place if isinstance(place, Place) else None)
    by_mandate = isinstance(verdict, mandate.Mandated) and verdict.ground == "by"
    return case.rule(verdict.line) if by_mandate else None


def open_ones(case: Case) -> list[str]:
    """The open alerts that are theirs to end, the newest first."""
    assert case.incident is not None
    found = (about for about, issued in case.incident.alerts.items() if issued.state == "open" and right(case, issued))
    return list(reversed(list(found)))


def offered(case: Case) -> bool:
    """Whether there is an open alert that is theirs to end."""
    return case.actor.may_issue and bool(open_ones(case))


def _which(case: Case, verb: str, question: Cleared) -> list[Effect]:
    found = open_ones(case) if case.actor.may_issue else []
    if not found:
        return [case.answer(case.say("No open alert here is yours to change."))]
    return [case.answer(question, choices(case, verb, found))]


def choices(case: Case, verb: str, found: Sequence[str]) -> list[list[Tap]]:
    """A button for each of these alerts."""
    assert case.incident is not None
    rows = []
    for number, about in enumerate(found[:MOST_TAPS], 1):
        title = case.title(case.incident.alerts[about].fact.template)
        tap = case.tap("{alert} {title}", f"/{verb} {about}", f"{number}️⃣", alert=short_id(about), title=title)
        rows.append([tap])
    return rows


# --- what stands against it ------------------------------------------------------------------------------------------------


def over(case: Case, issued: Issued, verb: str, *, draft: str | None = None) -> list[Effect]:
    """It is over already: how, since when, and what took its place, where that can be ended too.

    ``draft``: what was to take its place, and is not sent.
    """
    assert case.book is not None and case.incident is not None
    book, languages = case.book, case.reader.languages
    became = over_words(case.incident, issued, languages, lambda at: moment(book, at, case.now, languages))
    lines = [
        case.say("{alert} is over already: {how}.", alert=short_id(issued.fact.alert), how=became or case.say("over"))
    ]
    taps: list[list[Tap]] = []
    following = _next(case, issued)
    if following is not None:
        lines.append(case.say("{next} took its place.", next=strong(short_id(following))))
        taps.append([_tap(case, verb, following)])
    if draft is not None:
        lines.insert(0, case.say("<b>Draft {draft}</b> was not sent.", draft=short_id(draft)))
        lines.append(
            case.say("Please start again from {next}.", next=short_id(following))
            if following is not None
            else case.say("To send it after all, start again with /alert.")
        )
        taps.append([case.tap("Discard", f"/draft {draft} drop", "❌")])
    return [case.answer(glue(lines), taps, about=draft)]


def _next(case: Case, issued: Issued) -> str | None:
    """What took its place and still stands, where whoever asks may know of it."""
    assert case.incident is not None
    following = issued.superseded_by
    while following is not None and (one := case.incident.alerts[following]).superseded_by is not None:
        following = one.superseded_by
    if following is None or case.incident.alerts[following].state != "open" or known(case, following) is None:
        return None
    return following


def _tap(case: Case, verb: str, about: str) -> Tap:
    return case.tap(
        "{command}", f"/{verb} {about}", "✅", command=case.say(f"/{verb} {{alert}}", alert=short_id(about))
    )


def _refused(case: Case, issued: Issued, command: str) -> list[Effect]:
    """Who may, and by which line of the playbook."""
    assert case.book is not None
    book, fact = case.book, issued.fact
    if right(case, issued) is not None:
        partner = name(book, case.reader, str(case.actor.partner))
        words = case.say(
            "Nothing was done. Only liaisons, officials and coordinators of {partner} may do that.", partner=partner
        )
        return case.refuse(words, command, "role")
    leading = case.so.lead_for(book.playbook.partners[fact.partner].jurisdiction)
    who = [
        p for p in dict.fromkeys((fact.partner, *(leading.partners if leading else ()))) if listed(book, case.reader, p)
    ]
    alert = book.playbook.alerts[fact.template]
    line = book.line("alerts", fact.template, "by") if alert.by is not None else book.line("alerts", fact.template)
    if not who:
        words = case.say(
            "Nothing was done. {alert} is not yours to end (playbook line {line}).",
            alert=short_id(fact.alert),
            line=line,
        )
        return case.refuse(words, command, "not-theirs", line)
    words = case.say(
        "Nothing was done. {alert} can be ended by {partners}, and by those whose alert it is there (playbook line {line}).",
        alert=short_id(fact.alert),
        partners=glue([name(book, case.reader, p) for p in who], " · "),
        line=line,
    )
    return case.refuse(words, command, "not-theirs", line)
