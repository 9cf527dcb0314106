"""/alert: from a few words, or none, to a draft; and /draft, what its buttons say.

A draft is a fact, not a memory: it outlives a restart, a second person can see it, and what was typed is never lost because
one field of it could not be read.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from handlers import correcting, preview, unfinished
from handlers.case import Case
from handlers.command import nearest
from handlers.drafting import Unreadable, fill, next_question, read, values_of
from handlers.issuing import issue
from handlers.prerogative import asks, refusal
from handlers.taps import Choice
from playbooks import mandate
from playbooks.audience import place_field
from playbooks.cleared import Cleared, echo, field_name, glue, quote
from playbooks.schema import Alert
from playbooks.selection import ground
from playbooks.values import to_json
from storage.effects import Effect, Tap, Unwake, Urgency, Wake
from storage.facts import AlertDrafted, DraftConfirmed
from storage.incident import Draft

DRAFT_LASTS = timedelta(minutes=30)
"""A draft that nobody sent by then, after it could be sent, is dropped: its words are out of date."""


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/alert``, ``/alert TEMPLATE``, ``/alert TEMPLATE key=value free text``."""
    assert case.book is not None
    name, _, rest = arguments.strip().partition(" ")
    templates = case.book.playbook.alerts
    if not name:
        return _choose(case)
    template = next((t for t in templates if t.lower() == name.lower()), None)
    if template is None:
        near = nearest(name, list(templates))
        typed = echo(name[:40], case.request.room)
        if near is not None:
            taps = [[_tap_template(case, near)]]
            return [
                case.answer(
                    case.say(
                        "There is no alert {typed}. Did you mean {near}?",
                        typed=typed,
                        near=quote(case.book, case.reader, near),
                    ),
                    taps,
                )
            ]
        return [case.answer(case.say("There is no alert {typed}. /alert alone shows them.", typed=typed))]
    alert = templates[template]
    filled = fill(case, alert, rest)
    kept = case.world.next_id("D")
    written = bool(rest.strip()) and "" not in filled.problems
    refused = refusal(case, template, filled.values, "/alert " + template, kept=kept if written else None)
    if refused is not None and not (case.actor.partner is not None and asks(refused, kept)):
        return refused
    if "" in filled.problems:
        return [case.answer(glue([filled.problems[""], case.say("Nothing was sent. Please write it again.")]))]
    assert case.actor.partner is not None
    fields = {f: to_json(filled.values[f]) if f in filled.values else None for f in alert.fields}
    broken = next(iter(filled.problems), None)
    stepwise = not rest.strip()
    draft = AlertDrafted(
        draft=kept,
        template=template,
        person=case.actor.person,
        identity=case.actor.identity,
        partner=case.actor.partner,
        room=case.request.room,
        fields=fields,
        raised=filled.raised,
        asking=broken or next_question(alert, filled.values, None, stepwise),
        stepwise=stepwise,
    )
    if refused is not None:
        return [*_opened(case, replace(draft, asking=None)), *refused]
    return go_on(case, draft, filled.problems.get(broken or ""), new=True)


def _gone(case: Case, draft: AlertDrafted) -> list[Effect] | None:
    """What is said where an alert whose place a draft is to take is not open any more: what was previewed is not what would leave."""
    assert case.incident is not None
    alerts = case.incident.alerts
    over = next((about for about in draft.updates if alerts[about].state != "open"), None)
    return correcting.over(case, alerts[over], "update", draft=draft.draft) if over is not None else None


def _opened(case: Case, draft: AlertDrafted) -> list[Effect]:
    """A draft begins; it does not last for ever."""
    assert case.book is not None
    confirm = case.book.playbook.alerts[draft.template].confirm
    # Where its author may go on alone after a while, there is that long for it.
    alone = (confirm.alone_after or timedelta(0)) if confirm.kind == "two-person" else timedelta(0)
    until = case.now + alone + DRAFT_LASTS
    return [case.record(draft), Wake(f"draft:{draft.draft}", case.stream, until, "draft-expires", draft.draft)]


def _tap_template(case: Case, template: str) -> Choice:
    assert case.book is not None
    return case.choice("{title}", f"/alert {template}", "🔔", title=case.title(template))


def _choose(case: Case) -> list[Effect]:
    assert case.book is not None and case.actor.partner is not None
    mine = [
        t
        for t in case.book.playbook.alerts
        if isinstance(mandate.may_issue(case.book, case.so, t, case.actor.partner, None), mandate.Mandated)
    ]
    if not mine or not case.actor.may_issue:
        first = next(iter(case.book.playbook.alerts), None)
        refused = refusal(case, first, {}, "/alert") if first else None
        return refused or [case.answer(case.say("This playbook has no alert that is yours to issue."))]
    emojis = "1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣9️⃣"
    taps = [
        [case.choice("{title}", f"/alert {t}", emojis[3 * i : 3 * i + 3], title=case.title(t))]
        for i, t in enumerate(mine[:9])
    ]
    return [case.answer(case.say("Which alert?"), taps, urgency=Urgency.PROMPT)]


def go_on(case: Case, draft: AlertDrafted, problem: Cleared | None, *, new: bool = False) -> list[Effect]:
    """Ask for the next field, or show what would be sent."""
    assert case.book is not None
    gone = _gone(case, draft)
    if gone is not None:
        return gone
    alert = case.book.playbook.alerts[draft.template]
    effects: list[Effect] = _opened(case, draft) if new else [case.record(draft)]
    if draft.asking is not None:
        return [*effects, _ask(case, alert, draft, problem)]
    if alert.confirm.kind == "no" and problem is None:
        return [
            *effects,
            Unwake(f"draft:{draft.draft}"),
            *issue(case, draft, confirmed_by=case.actor.person, alone=False),
        ]
    if alert.confirm.kind == "two-person" and alert.confirm.alone_after is not None:
        at = case.now + alert.confirm.alone_after
        effects.append(Wake(f"alone:{draft.draft}", case.stream, at, "draft-alone", draft.draft))
    return [*effects, *preview.show(case, draft)]


def _ask(case: Case, alert: Alert, draft: AlertDrafted, problem: Cleared | None) -> Effect:
    assert case.book is not None and draft.asking is not None
    name = draft.asking
    spec = case.book.playbook.field(name)
    assert spec is not None
    label = field_name(case.book, case.reader, name)
    place = list(alert.fields).index(name) + 1  # a tap names the field it was offered for: an old one answers no other
    question = {
        "choice": case.say("<b>{field}</b>: which one?", field=label),
        "place": case.say("<b>{field}</b>: where? An area, words, or share a location.", field=label),
        "number": case.say("<b>{field}</b>: how many?", field=label),
        "person": case.say("<b>{field}</b>: who? Names, with commas between.", field=label),
        "time": case.say("<b>{field}</b>: when? For example 14:30.", field=label),
    }.get(spec.type) or case.say("<b>{field}</b>: write the words.", field=label)
    taps: list[list[Tap]] = []
    if spec.type == "choice":
        taps = [
            [
                case.tap(
                    "{option}",
                    f"/draft {draft.draft} set {place} {i}",
                    f"{i}️⃣",
                    option=quote(case.book, case.reader, texts),
                )
            ]
            for i, texts in enumerate(list(spec.options.values())[:9], 1)
        ]
    elif spec.type == "place":
        own = sorted(ground(case.book, draft.partner))[:8]
        taps = [
            [
                case.tap(
                    "{area}",
                    f"/draft {draft.draft} area {place} {i}",
                    f"{i}️⃣",
                    area=quote(case.book, case.reader, case.book.playbook.areas[a].name),
                )
            ]
            for i, a in enumerate(own, 1)
        ]
    last = [case.tap("Discard", f"/draft {draft.draft} drop", "❌")]
    if alert.fields[name] == "optional" or draft.fields.get(name) is not None:
        last.insert(0, case.tap("Skip", f"/draft {draft.draft} skip {place}", "⏭️"))
    heading = case.say("{title} · draft {draft}", title=case.title(draft.template), draft=case.id(draft.draft))
    lines = [heading, *([problem] if problem else []), question]
    return case.answer(glue(lines), [*taps, last], about=draft.draft, urgency=Urgency.PROMPT)


def answered(case: Case, draft: Draft, words: str) -> list[Effect]:
    """The author's words for the field that was asked for."""
    assert case.book is not None
    fact = draft.fact
    if fact.asking is None:
        return []
    try:
        value = read(case, fact.asking, words)
    except Unreadable as unreadable:
        alert = case.book.playbook.alerts[fact.template]
        return [_ask(case, alert, fact, unreadable.why)]
    return _filled(case, fact, {**fact.fields, fact.asking: to_json(value)})


def _filled(case: Case, fact: AlertDrafted, fields: dict[str, object]) -> list[Effect]:
    assert case.book is not None
    alert = case.book.playbook.alerts[fact.template]
    values = values_of(fields)
    refused = refusal(case, fact.template, values, "/draft", partner=fact.partner, kept=fact.draft)
    if refused is not None:
        place = place_field(case.book, alert)
        kept = [case.record(replace(fact, fields=fields))] if asks(refused, fact.draft) else []
        if place is None or place != fact.asking:
            return [*kept, *refused]
        return [*kept, *refused, _ask(case, alert, fact, None)]
    asking = next_question(alert, values, fact.asking, fact.stepwise)
    return go_on(case, replace(fact, fields=fields, asking=asking), None)


def draft(case: Case, arguments: str) -> list[Effect]:
    """What a draft's buttons say: ``/draft D-3 send|drop|skip F|set F N|area F N``, F being the field's place."""
    assert case.book is not None and case.incident is not None
    parts = arguments.split()
    found = case.incident.drafts.get(parts[0].upper()) if parts else None
    if found is None or found.fact.partner != case.actor.partner:
        return [case.answer(case.say("That draft is no longer open."))]
    fact = found.fact
    action = parts[1].lower() if len(parts) > 1 else "show"
    waits = case.book.playbook.alerts[fact.template].confirm.kind == "two-person" and fact.asking is None
    if not case.actor.may_issue and not (waits and action == "show"):
        return refusal(case, fact.template, {}, "/draft") or []
    if action == "drop":
        return _drop(case, fact)
    if action in ("replace", "beside"):
        return _instead(case, found, parts[2:] if action == "replace" else [])
    gone = _gone(case, fact)
    if gone is not None:
        return gone
    if action == "send":
        return _send(case, found)
    if action in ("skip", "set", "area"):
        return _tapped(case, found, action, parts[2:])
    if fact.asking is not None:
        return [_ask(case, case.book.playbook.alerts[fact.template], fact, None)]
    return preview.show(case, fact)


def _instead(case: Case, found: Draft, replaced: list[str]) -> list[Effect]:
    """Send it in the place of open alerts, or beside them."""
    assert case.book is not None and case.incident is not None
    open_here = correcting.open_ones(case)
    if any(about not in open_here for about in replaced):
        return preview.show(case, found.fact)
    fact = replace(found.fact, updates=tuple(replaced))
    if fact == found.fact:
        return _send(case, found)
    effects: list[Effect] = [case.record(fact)]
    if found.fact.updates:  # its preview said that it would take the place of others
        return [*effects, *preview.show(case, fact)]
    alone = case.book.playbook.alerts[fact.template].confirm.alone_after
    if alone is not None:
        # It is another draft now, and the second person has as long for it.
        effects.append(Wake(f"alone:{fact.draft}", case.stream, case.now + alone, "draft-alone", fact.draft))
    return [*effects, *_send(case, replace(found, fact=fact, at=case.now))]


def _tapped(case: Case, found: Draft, action: str, numbers: list[str]) -> list[Effect]:
    """A tap under a question: it counts for the field it was offered for, and only its author's."""
    assert case.book is not None
    fact, alert = found.fact, case.book.playbook.alerts[found.fact.template]
    if case.actor.person != fact.person:
        return [case.answer(case.say("Only its author fills in draft {draft}.", draft=case.id(fact.draft)))]
    given = [int(number) for number in numbers if re.fullmatch("[0-9]{1,4}", number)]
    fields = list(alert.fields)
    asked = fields[given[0] - 1] if given and 0 < given[0] <= len(fields) else None
    if asked is None or asked != fact.asking or len(given) != (1 if action == "skip" else 2):
        return [case.answer(case.say("That choice is no longer open."))]
    if action != "skip":
        return _chosen(case, found, action, given[1] - 1)
    if alert.fields[asked] == "required" and fact.fields.get(asked) is None:
        return [_ask(case, alert, fact, case.say("This one cannot be skipped."))]
    asking = next_question(alert, values_of(fact.fields), asked, fact.stepwise)
    return go_on(case, replace(fact, asking=asking), None)


def _chosen(case: Case, found: Draft, action: str, index: int) -> list[Effect]:
    """A tap on one of the offered options or areas."""
    assert case.book is not None and found.fact.asking is not None
    spec = case.book.playbook.field(found.fact.asking)
    assert spec is not None
    if action == "set":
        offered = list(spec.options)
    else:
        own = sorted(ground(case.book, found.fact.partner))
        offered = [next(iter(case.book.playbook.areas[a].name.values())) for a in own]
    if not 0 <= index < len(offered) or (spec.type == "choice") != (action == "set"):
        return [case.answer(case.say("That choice is no longer open."))]
    return answered(case, found, offered[index])


def _drop(case: Case, fact: AlertDrafted) -> list[Effect]:
    assert case.incident is not None
    words = case.say("Draft {draft} was discarded. Nothing was sent.", draft=case.id(fact.draft))
    return [
        *unfinished.dropped(case.world, case.incident, fact, case.actor.person),
        preview.over(case, words),
    ]


def _are_two(case: Case, fact: AlertDrafted) -> bool:
    """Whether the author and whoever confirms are two enrolled persons: accounts that nobody has joined may be one human's."""
    author, other = case.world.who.person(fact.identity), case.world.who.person(case.actor.identity)
    return author is not None and other is not None and author.id != other.id


def _send(case: Case, found: Draft) -> list[Effect]:
    assert case.book is not None
    fact = found.fact
    alert = case.book.playbook.alerts[fact.template]
    if fact.asking is not None:
        return [_ask(case, alert, fact, case.say("This is still missing."))]
    values = values_of(fact.fields)
    refused = refusal(case, fact.template, values, "/draft send", partner=fact.partner, kept=fact.draft)
    if refused is not None:
        return refused
    done: list[Effect] = [Unwake(f"draft:{fact.draft}"), Unwake(f"alone:{fact.draft}")]
    if alert.confirm.kind == "two-person" and _are_two(case, fact) and case.request.room != fact.room:
        if not preview.is_whole(case, fact):
            words = case.say(
                "Not confirmed: this chat may not see every field of {draft}. Please tap Send where it was written.",
                draft=case.id(fact.draft),
            )
            return [case.answer(words, about=fact.draft)]
        given = {field for field, stored in fact.fields.items() if stored is not None}
        if not given <= found.exact.get(case.request.room, frozenset()):
            return preview.show(case, fact)
    if alert.confirm.kind != "two-person" or _are_two(case, fact):
        return [*done, *issue(case, fact, confirmed_by=case.actor.person, alone=False)]
    if case.actor.identity != fact.identity and case.actor.person != fact.person:
        words = case.say(
            "Not sent yet. Two persons must agree to this alert, and only those enrolled with /invite count."
        )
        return [case.answer(words, about=fact.draft)]
    if alert.confirm.alone_after is not None and case.now >= found.at + alert.confirm.alone_after:
        return [*done, *issue(case, fact, confirmed_by=case.actor.person, alone=True)]
    confirmed = (
        [] if case.actor.person in found.confirmed else [case.record(DraftConfirmed(fact.draft, case.actor.person))]
    )
    return [*confirmed, *preview.waiting(case, found)]
