"""What would leave if it were sent now: how many rooms see how much, and whom it will not reach, as far as this reader may know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from handlers import superseding
from handlers.addressing import Letter, address, event_of, origins_of_request, sees_place
from handlers.case import Case
from handlers.drafting import values_of
from handlers.moments import moment
from handlers.why import why
from handlers.world import sight_room
from playbooks import sight
from playbooks.audience import Addressee, Audience
from playbooks.cleared import NOTHING, Cleared, colleague, field_name, glue, listed, name, phone, short_id, word
from playbooks.rooms import Network
from playbooks.schema import Alert
from playbooks.selection import Event
from playbooks.sight import Seen, Withheld
from storage.effects import Effect, Send, Urgency
from storage.facts import AlertDrafted
from storage.incident import Draft

MOST_NAMES = 5
"""Names in one line of a preview; a phone shows no more."""
MOST_MISSING = 8
"""Lines for partners whom it will not reach: they are to be rung."""
MOST_GROUPS = 8
"""Lines for groups of rooms; where there would be more, rooms that lack the same stand together, and no reason is given."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Fields that rooms do not see, and why: None where that differs among them."""

    fields: tuple[str, ...]
    reason: Cleared | None


@dataclass(slots=True)
class Group:
    """Rooms that see equally much, for the same reasons no more."""

    lacks: tuple[Lack, ...]
    coarser: tuple[str, ...]
    rooms: int = 0
    partners: dict[str, list[Network]] = field(default_factory=dict)
    """Each with the networks of its rooms that are among them."""

    @property
    def lacking(self) -> tuple[str, ...]:
        """The fields that they do not see."""
        return tuple(sorted(name for lack in self.lacks for name in lack.fields))


def show(case: Case, draft: AlertDrafted) -> list[Effect]:
    """The preview of a draft, with its buttons."""
    assert case.book is not None and case.incident is not None
    alert = case.book.playbook.alerts[draft.template]
    event = _event(case, draft)
    addressing = address(case.world, case.incident, draft.template, event, case.now)
    lines = [
        case.say("<b>Draft {draft}</b>, not sent yet:", draft=case.id(draft.draft)),
        _own_view(case, draft, addressing) or case.say("(This room may not see the words of this alert.)"),
        NOTHING,
        *_counts(case, alert, addressing),
    ]
    if alert.confirm.kind == "two-person":
        found = case.incident.drafts.get(draft.draft)
        lines += _confirmed(case, draft.partner, found.confirmed if found is not None else ())
        lines.append(
            case.say("A second person of {partner} must confirm.", partner=name(case.book, case.reader, draft.partner))
        )
    discard = case.tap("Discard", f"/draft {draft.draft} drop", "❌")
    asked, taps = superseding.question(case, draft, event)
    if asked:
        taps.append([case.tap("Send beside it", f"/draft {draft.draft} beside", "✅"), discard])
    else:
        asked, taps = [case.say("Send?")], [[case.tap("Send", f"/draft {draft.draft} send", "✅"), discard]]
    return [case.answer(glue([*lines, *asked]), taps, about=draft.draft, urgency=Urgency.PROMPT)]


def _event(case: Case, draft: AlertDrafted) -> Event:
    assert case.book is not None and case.incident is not None
    alert = case.book.playbook.alerts[draft.template]
    expires = case.now + alert.expires if alert.expires is not None else None
    beside = (
        *origins_of_request(case.book, case.incident, draft.request),
        *superseding.origins(case.incident, draft.updates),
    )
    return event_of(case.book, draft.template, draft.partner, values_of(draft.fields), draft.raised, expires, beside)


def is_whole(case: Case, draft: AlertDrafted) -> bool:
    """Whether this room may see every field of a draft exactly, given or not: what it may not, it is not asked to agree to."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None or binding.partner != draft.partner:
        return False
    event, fields = _event(case, draft), tuple(case.book.playbook.alerts[draft.template].fields)
    answers = sight.view(case.book, case.so, event, sight_room(case.world, binding), fields).answers
    return all(isinstance(answer := answers[each], Seen) and answer.form == "exact" for each in fields)


def _own_view(case: Case, draft: AlertDrafted, addressing: Audience) -> Cleared | None:
    """The alert as the room where it is written would be shown it."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None or binding.partner != draft.partner:
        return None
    alert = case.book.playbook.alerts[draft.template]
    view = sight.view(case.book, case.so, addressing.event, sight_room(case.world, binding), alert.fields)
    letter = Letter(case.world, case.incident, draft.template, draft.draft, case.now, case.now, addressing.words)
    before = superseding.before(case.incident, draft.updates).get(case.request.room)
    shown = letter.to(view, before.alert if before is not None else None)
    if shown is None or shown.only == case.request.room:
        return shown
    return None


def _visible(case: Case, addressing: Audience) -> tuple[str, ...]:
    """The fields of the alert that this room itself sees: what it may count over."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None:
        return ()
    room = sight_room(case.world, binding)
    view = sight.view(case.book, case.so, addressing.event, room, tuple(addressing.event.fields))
    return tuple(f for f in addressing.event.fields if view.shape(case.book, f) is not None)


def _unseen(case: Case, addressing: Audience) -> tuple[str, ...]:
    """The alert's fields that this room may not see, whether they were given or not."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None:
        return ()
    room = sight_room(case.world, binding)
    view = sight.view(case.book, case.so, addressing.event, room, tuple(addressing.event.fields))
    return tuple(f for f in addressing.event.fields if not isinstance(view.answers[f], Seen))


def _sees(case: Case, addressing: Audience) -> bool:
    """Whether this room sees where it is, as far as that decides whom it is for."""
    assert case.book is not None and case.incident is not None
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    room = sight_room(case.world, binding) if binding is not None else None
    return sees_place(case.book, case.so, addressing.event, room)


def _known(case: Case, addressing: Audience, status: str, *, sees: bool) -> list[Addressee]:
    """Those whom whoever asks may know to be meant: whom the place selects, only where this room sees the place."""
    assert case.book is not None
    meant = (one for one in addressing.of(status) if sees or not one.by_place)
    return [one for one in meant if listed(case.book, case.reader, one.partner)]


def _groups(case: Case, addressing: Audience, *, sees: bool) -> list[Group]:
    assert case.book is not None
    visible = _visible(case, addressing)
    groups: dict[object, Group] = {}
    for one in _known(case, addressing, "shown", sees=sees):
        for room in one.rooms:
            seen = {f: room.view.shape(case.book, f) for f in visible}
            lacks = _lacks(case, room.view, [f for f in visible if seen[f] is None])
            coarser = tuple(f for f in visible if (found := seen[f]) is not None and found[0].form != "exact")
            if lacks:
                coarser = ()  # the line says what is lacking, and no more
            key = (tuple((lack.fields, lack.reason.text if lack.reason else None) for lack in lacks), coarser)
            group = groups.setdefault(key, Group(lacks, coarser))
            group.rooms += 1
            group.partners.setdefault(one.partner, []).append(room.room.network)
    few = list(groups.values())
    if len(few) > MOST_GROUPS:
        few = _without_differing_reasons(few, visible)
    return sorted(few, key=lambda g: (len(g.lacking), len(g.coarser), -g.rooms))


def _lacks(case: Case, view: sight.View, lacking: Sequence[str]) -> tuple[Lack, ...]:
    """Why a room sees no form of these fields; the fields with one reason together."""
    assert case.book is not None
    reasons: dict[str, tuple[Cleared, list[str]]] = {}
    for each in lacking:
        answer = view.answers[each]
        # It may see a form that this value has not: a place outside every area has no area.
        obstacle = Withheld("no-form") if isinstance(answer, Seen) else answer
        reason = why(case.book, case.reader, obstacle)
        reasons.setdefault(reason.text, (reason, []))[1].append(each)
    return tuple(Lack(tuple(names), reason) for reason, names in reasons.values())


def _without_differing_reasons(groups: Sequence[Group], order: Sequence[str]) -> list[Group]:
    """The same with rooms that lack the same for different reasons in one group, which gives none."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], Group] = {}
    for group in groups:
        first = alike.setdefault((group.lacking, group.coarser), group)
        if first is not group:
            first.lacks = (Lack(tuple(f for f in order if f in group.lacking), None),)
            first.rooms += group.rooms
            for partner, networks in group.partners.items():
                first.partners.setdefault(partner, []).extend(networks)
    return list(alike.values())


def _counts(case: Case, alert: Alert, addressing: Audience) -> list[Cleared]:
    assert case.book is not None
    sees = _sees(case, addressing)
    groups = _groups(case, addressing, sees=sees)
    total = sum(group.rooms for group in groups)
    lines = [case.says("{count} room:", "{count} rooms:", total)] if total else []
    if alert.to.uses_event and not sees:
        lines.append(case.say("Who else would get it depends on where it is, which this room may not see."))
    elif not total:
        lines.append(case.say("No room would get this."))
    unseen = _unseen(case, addressing)
    apart = {p for p, many in Counter(p for group in groups for p in group.partners).items() if many > 1}
    lines += [_group_line(case, group, apart, partly=bool(unseen)) for group in groups]
    if unseen:
        lines.append(case.say("Not counted, because this room may not see it: {fields}", fields=_fields(case, unseen)))
    missing = [
        one
        for status in ("held", "roomless", "unselected")
        for one in _known(case, addressing, status, sees=sees)
        if status != "unselected" or one.blind
    ]
    if missing:
        lines.append(case.say("<b>It will not reach:</b>"))
        most = MOST_MISSING if len(missing) > MOST_MISSING + 1 else MOST_MISSING + 1
        lines += [_missing_line(case, one, _visible(case, addressing)) for one in missing[:most]]
        if len(missing) > most:
            lines.append(case.say("… and {count} more", count=len(missing) - most))
    return lines


def _group_line(case: Case, group: Group, apart: Collection[str], *, partly: bool) -> Cleared:
    """Who sees how much. ``apart``: partners whose rooms do not all see equally much, and are told apart by their networks. ``partly``: this room itself may not
    see every field, so that it cannot say who sees all."""
    assert case.book is not None
    if not group.lacks and not group.coarser:
        what = case.say("as much as you see here") if partly else case.say("in full")
    elif not group.lacks:
        what = case.say("with {fields} only roughly", fields=_fields(case, group.coarser))
    else:
        without = glue([_lack(case, lack) for lack in group.lacks], "; ")
        what = case.say("without {fields}", fields=without)
    names = [
        _called(case, partner, networks if partner in apart else ()) for partner, networks in group.partners.items()
    ]
    return case.say("• {what}: {names}", what=what, names=_first(case, names))


def _called(case: Case, partner: str, networks: Iterable[Network]) -> Cleared:
    """A partner, and on which networks its rooms are that are meant, where that tells them from its others."""
    assert case.book is not None
    who, on = name(case.book, case.reader, partner), list(dict.fromkeys(networks))
    if not on:
        return who
    return case.say("{partner} ({network})", partner=who, network=glue([word(one) for one in on], ", "))


def _lack(case: Case, lack: Lack) -> Cleared:
    fields = _fields(case, lack.fields)
    return fields if lack.reason is None else case.say("{fields} ({reason})", fields=fields, reason=lack.reason)


def _missing_line(case: Case, one: Addressee, visible: Sequence[str]) -> Cleared:
    assert case.book is not None
    who = name(case.book, case.reader, one.partner)
    if one.status == "roomless":
        reason = case.say("no room of theirs is bound")
    elif one.blind:
        reason = case.say("may not see where it is")
    elif one.obstacle is not None and one.field in visible:
        reason = case.say(
            "{field}: {reason}",
            field=_fields(case, (str(one.field),)),
            reason=why(case.book, case.reader, one.obstacle),
        )
    else:
        reason = case.say("may see nothing of it")
    number = phone(case.book, case.reader, one.partner)
    return case.say("• {partner} ({reason}) {phone}", partner=who, reason=reason, phone=number)


def _fields(case: Case, names: Sequence[str]) -> Cleared:
    assert case.book is not None
    return glue([field_name(case.book, case.reader, each) for each in names], ", ")


def _first(case: Case, names: Sequence[Cleared]) -> Cleared:
    """The first few, and how many more there are."""
    # One more name is no longer than "and 1 more".
    most = MOST_NAMES if len(names) > MOST_NAMES + 1 else MOST_NAMES + 1
    shown = glue(names[:most], " · ")
    if len(names) <= most:
        return shown
    return case.say("{names} and {count} more", names=shown, count=len(names) - MOST_NAMES)


def waiting(case: Case, found: Draft) -> list[Effect]:
    """The author pressed, and the second person is still to come."""
    assert case.book is not None
    alert = case.book.playbook.alerts[found.fact.template]
    partner = name(case.book, case.reader, found.fact.partner)
    alone = alert.confirm.alone_after
    if alone is None:
        words = case.say("Not sent yet: a second person of {partner} must tap Send.", partner=partner)
    else:
        words = case.say(
            "Not sent yet: a second person of {partner} must tap Send. From {time} you may send it alone.",
            partner=partner,
            time=moment(case.book, found.at + alone + timedelta(seconds=59), case.now, case.reader.languages),
        )
    by = _confirmed(case, found.fact.partner, (*found.confirmed, case.actor.person))
    # Who comes second may have been asked something else before: to replace an open alert, or not.
    taps = [[case.tap("Send", f"/draft {found.fact.draft} send", "✅")]]
    return [case.answer(glue([*by, words]), taps, about=found.fact.draft)]


def _confirmed(case: Case, partner: str, persons: Iterable[str]) -> list[Cleared]:
    """Who has confirmed a draft, by name for their own partner's people; nobody yet: no line."""
    people = [case.world.who.people[one] for one in dict.fromkeys(persons) if one in case.world.who.people]
    theirs = case.reader.partner == partner
    names = [
        colleague(case.reader, partner, p.name) if theirs and p.partner == partner else short_id(p.id) for p in people
    ]
    return [case.say("Confirmed by: {people}", people=glue(names, ", "))] if names else []


def over(case: Case, words: Cleared) -> Send:
    """Say what became of a draft, in place of its preview where that was tapped."""
    return case.answer(words, replaces=case.request.message if case.request.via == "button" else None)
