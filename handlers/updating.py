"""/update: a new alert in the place of another, with its values, but for those that have changed.

It passes the same preview and the same confirmation, and is decided as any other: what it shows to whom is a matter of now. Another
partner than the one that issued the alert takes over only what this room itself sees exactly: nobody passes on in their own name
what they were not shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from handlers.addressing import issued_event
from handlers.alert import go_on
from handlers.case import Case
from handlers.correcting import choices, known, named, over
from handlers.drafting import fill, next_question, values_of
from handlers.prerogative import refusal
from handlers.world import sight_room
from playbooks import mandate, sight
from playbooks.cleared import glue, short_id
from playbooks.labels import Tlp
from playbooks.schema import Alert
from playbooks.values import to_json
from storage.effects import Effect
from storage.facts import AlertDrafted
from storage.incident import Issued

_EMPTY = re.compile(r'(?<!\S)([A-Za-z_][\w-]*)=(?:""|“”)?(?=\s|$)')


def decide(case: Case, arguments: str) -> list[Effect]:
    """``/update A-17 key=value words``: the words take the place of the main field, ``key=`` alone empties an optional one."""
    assert case.book is not None
    about, rest = named(case, arguments)
    if about is None:
        return _which(case)
    issued = known(case, about)
    if issued is None:
        return [case.answer(case.say("There is no alert {alert} for you here.", alert=short_id(about)))]
    if issued.state != "open":
        return over(case, issued, "update")
    template = issued.fact.template
    alert = case.book.playbook.alerts[template]
    emptied = {key.lower() for key in _EMPTY.findall(rest) if alert.fields.get(key.lower()) == "optional"}
    filled = fill(case, alert, _EMPTY.sub(lambda m: "" if m[1].lower() in emptied else m[0], rest))
    kept = {key: stored for key, stored in _kept(case, issued).items() if key not in emptied}
    fields = {f: to_json(filled.values[f]) if f in filled.values else kept.get(f) for f in alert.fields}
    refused = refusal(case, template, values_of(fields), "/update")
    if refused is not None:
        return refused
    if "" in filled.problems:
        return [case.answer(glue([filled.problems[""], case.say("Nothing was sent. Please write it again.")]))]
    broken = next(iter(filled.problems), None)
    assert case.actor.partner is not None
    draft = AlertDrafted(
        draft=case.world.next_id("D"),
        template=template,
        person=case.actor.person,
        identity=case.actor.identity,
        partner=case.actor.partner,
        room=case.request.room,
        fields=fields,
        raised=_higher(filled.raised, issued.fact.raised),
        asking=broken or _asking(alert, fields, told=bool(rest.strip())),
        updates=(about,),
    )
    return go_on(case, draft, filled.problems.get(broken or ""), new=True)


def _asking(alert: Alert, fields: Mapping[str, Any], *, told: bool) -> str | None:
    """What is asked: what is missing; where nothing was said, the main words."""
    missing = next_question(alert, values_of(fields), None, everything=False)
    return missing or (None if told else alert.main)


def _kept(case: Case, issued: Issued) -> Mapping[str, Any]:
    """The values that are taken over, as they are stored."""
    assert case.book is not None and case.incident is not None
    if case.actor.partner == issued.fact.partner:
        return issued.fact.fields
    binding = case.world.who.binding(case.incident.playbook, case.request.room)
    if binding is None:
        return {}
    event = issued_event(case.book, issued)
    view = sight.view(case.book, case.so, event, sight_room(case.world, binding), tuple(event.fields))
    exact = {f for f, answer in view.answers.items() if isinstance(answer, sight.Seen) and answer.form == "exact"}
    return {f: stored for f, stored in issued.fact.fields.items() if f in exact}


def _higher(one: str | None, other: str | None) -> str | None:
    """The higher of two labels that may have been raised; an update never lowers one."""
    return max((word for word in (one, other) if word is not None), key=Tlp.parse, default=None)


def offered(case: Case) -> bool:
    """Whether there is an open alert that is theirs to issue anew."""
    return bool(_open_ones(case))


def _open_ones(case: Case) -> list[str]:
    """The open alerts that they know of and that are theirs to issue anew, the newest first."""
    assert case.incident is not None
    return [
        about
        for about, issued in reversed(list(case.incident.alerts.items()))
        if issued.state == "open" and case.actor.may_issue and known(case, about) is not None and _theirs(case, issued)
    ]


def _which(case: Case) -> list[Effect]:
    assert case.book is not None and case.incident is not None
    found = _open_ones(case)
    if not found:
        return [case.answer(case.say("No open alert here is yours to change."))]
    return [case.answer(case.say("Which alert is to be updated?"), choices(case, "update", found))]


def _theirs(case: Case, issued: Issued) -> bool:
    """Whether such an alert is theirs to issue, wherever it is."""
    assert case.book is not None
    verdict = mandate.may_issue(case.book, case.so, issued.fact.template, str(case.actor.partner), None)
    return isinstance(verdict, mandate.Mandated)
