"""Our open questions that plain words would answer, for one person in one chat; and which of them is meant.

A question of the real thing goes before one of an exercise. Where two of a kind are open the words are kept, and we ask which. After ten
minutes nobody who writes something thinks of the question any more: then it takes a reply alone. In a room of a channel, where people talk to each
other, the next words are taken that can be the answer: what cannot be is talk, and goes on to the channel's other rooms while the question waits.
A reply to the question is the answer whatever it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from handlers import alert, decisions, pending, report
from handlers.case import Case
from handlers.channels import seat
from handlers.drafting import fits
from handlers.which import MOST_OFFERED, case_of, takes_part
from handlers.world import Request, World
from playbooks.cleared import Cleared, short_id
from storage.effects import Effect, Urgency
from storage.facts import DEPLOYMENT
from storage.incident import Incident


@dataclass(frozen=True)
class Question:
    """One that waits: in which case, as what it is answered (``choice``), what it is called, and what the words lead to."""

    case: Case
    choice: str
    called: Cleared
    answered: Callable[[], list[Effect]]
    played: bool
    about: str | None = None
    fits: Callable[[str], bool] = lambda words: True


def heard(world: World, request: Request) -> list[Effect] | None:
    """What words lead to that answer a question; None where none waits for them."""
    found = _replied(world, request) if request.about is not None else _meant(_open(world, request))
    if request.about is None and found and is_talk(world, request):
        return None
    if request.about is None and seat(world, request.room, request.now) is not None:
        found = [one for one in found if one.fits(request.text)]
    if not found:
        return None
    return found[0].answered() if len(found) == 1 else _which(world, request, found)


def is_talk(world: World, request: Request) -> bool:
    """Whether somebody plainly speaks to others, in a room whose words go on to other rooms: in answer to somebody, with words of somebody else or a file,
    to somebody whom they name, or asking something."""
    if request.private or seat(world, request.room, request.now) is None:
        return False
    said = request.text.strip()
    passes_on = request.forwarded is not None or (request.spoken is not None and request.spoken.file is not None)
    return request.answers is not None or passes_on or said.startswith("@") or said.endswith("?")


def _meant(found: list[Question]) -> list[Question]:
    real = [one for one in found if not one.played]
    return real or found


def _replied(world: World, request: Request) -> list[Question]:
    """The question that a reply answers."""
    about = request.about
    assert about is not None
    every = [one for one in _every(world, request, None) if about.about in (one.choice, one.about)]
    return [one for one in every if about.stream == (one.case.stream if one.case.incident is not None else DEPLOYMENT)]


def _open(world: World, request: Request) -> list[Question]:
    return _every(world, request, request.now - pending.ANSWERED_WITHIN)


def _every(world: World, request: Request, since: datetime | None) -> list[Question]:
    found: list[Question] = []
    for incident in world.open:
        if takes_part(world, request, incident):
            found += _of(world, request, incident, since)
    for case, reported in report.asking(world, request):
        called = case.say("METHANE report {report}", report=short_id(reported.fact.report))
        whose = case.incident
        found.append(
            Question(
                case,
                reported.fact.report,
                called,
                lambda case=case, whose=whose, reported=reported: report.said(case, whose, reported),  # type: ignore[misc]
                whose is not None and whose.opened.exercise,
                fits=lambda words, fact=reported.fact: report.fits(fact, words),  # type: ignore[misc]
            )
        )
    return found


def _of(world: World, request: Request, incident: Incident, since: datetime | None) -> list[Question]:
    case = case_of(world, request, incident)
    found: list[Question] = []
    if case.actor.revoked or case.actor.partner is None:
        return []
    decision = decisions.awaited(incident, request.identity, request.room)
    if decision is not None:
        found.append(
            Question(
                case,
                incident.id,
                case.say("{incident}: a decision", incident=short_id(incident.id)),
                lambda: decisions.spoken(case, decision),
                incident.opened.exercise,
                decisions.ABOUT,
            )
        )
    for draft in incident.drafts.values():
        fact = draft.fact
        mine = (fact.identity, fact.room) == (request.identity, request.room) and fact.asking is not None
        if mine and (since is None or draft.at >= since):
            called = case.say(
                "{incident}: {title} · {draft}",
                incident=short_id(incident.id),
                title=case.title(fact.template),
                draft=short_id(fact.draft),
            )
            found.append(
                Question(
                    case,
                    fact.draft,
                    called,
                    lambda draft=draft: alert.answered(case, draft, request.text),  # type: ignore[misc]
                    incident.opened.exercise,
                    fits=lambda words, fact=fact: fits(case, str(fact.asking), words),  # type: ignore[misc]
                )
            )
    return found


def _which(world: World, request: Request, found: list[Question]) -> list[Effect]:
    """Words that may answer several: ask which, and keep them."""
    case = case_of(world, request, None)
    chosen = found[:MOST_OFFERED]
    kept, commands = pending.kept(case, request.text, [one.choice for one in chosen])
    taps = [
        [case.tap("{draft}", commands[one.choice], f"{index}️⃣", draft=one.called)] for index, one in enumerate(chosen, 1)
    ]
    return [*kept, case.answer(case.say("Which question is that for?"), taps, urgency=Urgency.PROMPT)]
