"""Whose answer is still awaited, to an alert or to a round, as its playbook counts answers; and when silence leads to what.

One answer is enough for a partner, or every enrolled person of it must give one, as ``ack.from`` says; where nobody of a partner
is enrolled, the partner counts. What was said over the telephone is said for the partner. ``seen`` is an answer: it ends
the reminders, and leaves the partner on the lead's watch until it acts (``on_watch``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from handlers.world import in_order
from playbooks.guests import present
from playbooks.load import Book
from playbooks.schema_ack import Step
from storage.deployment import Deployment
from storage.effects import Effect, Unwake, Wake
from storage.incident import Incident, Issued, Round, Watch


def waits(book: Book, incident: Incident, about: str, who: Deployment) -> Mapping[str, Watch]:
    """Each partner whose answer is awaited, in the order of the playbook, which a restart does not change."""
    subject = _running(incident, about)
    watches = subject.watches if subject is not None else {}
    open_ = [partner for partner, watch in watches.items() if watch.ended is None]
    return {p: watches[p] for p in in_order(book, open_) if _awaits(book, subject, p, who)}


def awaited(book: Book, incident: Incident, about: str, partner: str, who: Deployment) -> Watch | None:
    """How one partner is waited for; None where it is not."""
    subject = _running(incident, about)
    return subject.watches[partner] if subject is not None and _awaits(book, subject, partner, who) else None


def _running(incident: Incident, about: str) -> Issued | Round | None:
    """An alert or a round that is not over."""
    if incident.closed_at is not None:
        return None
    if (round_ := incident.rounds.get(about)) is not None:
        return round_ if round_.ended is None else None
    issued = incident.alerts.get(about)
    return issued if issued is not None and issued.state == "open" else None


def _awaits(book: Book, subject: Issued | Round | None, partner: str, who: Deployment) -> bool:
    """Whether a partner's answer is awaited, to what is not over. ``who`` tells the persons, where each must answer."""
    watch = subject.watches.get(partner) if subject is not None else None
    if watch is None or not watch.open or not present(book, partner):
        return False
    return not (isinstance(subject, Issued) and answered(book, subject, partner, who))


def answered(book: Book, issued: Issued, partner: str, who: Deployment) -> bool:
    """Whether a partner's answer to an alert is complete."""
    given = issued.answers.get(partner, ())
    alert = book.playbook.alerts.get(issued.fact.template)
    if partner == issued.fact.partner and (alert is None or alert.ack.from_ == "partner"):
        return True  # whoever sent it has it, and need not be asked
    if not given and partner != issued.fact.partner:
        return False
    if given and (alert is None or alert.ack.from_ == "partner" or any(one.via == "phone" for one in given)):
        return True
    return persons(who, partner) - {issued.fact.person} <= {one.person for one in given}


def persons(who: Deployment, partner: str) -> frozenset[str]:
    """The enrolled people of a partner, without the revoked."""
    return frozenset(
        person.id
        for person in who.people.values()
        if person.partner == partner and person.id not in who.revoked and not who.revoked.issuperset(person.identities)
    )


def on_watch(book: Book, incident: Incident, about: str) -> tuple[str, ...]:
    """The partners that have only seen an alert which they could act on: the lead keeps an eye on them."""
    issued = incident.alerts.get(about)
    alert = book.playbook.alerts.get(issued.fact.template) if issued is not None else None
    if issued is None or issued.state != "open" or alert is None or "acting" not in alert.ack.choices:
        return ()
    return tuple(p for p, given in issued.answers.items() if given and all(one.choice == "seen" for one in given))


# --- when silence leads to what --------------------------------------------------------------------------------------


def steps(book: Book, incident: Incident, about: str) -> tuple[Step, ...]:
    """What the playbook does about silence, in order of time."""
    if about in incident.alerts:
        alert = book.playbook.alerts.get(incident.alerts[about].fact.template)
        return alert.ack.then if alert is not None else ()
    if about in incident.rounds:
        checkin = book.playbook.checkins.get(incident.rounds[about].fact.name)
        return checkin.then if checkin is not None else ()
    return ()


def within(book: Book, incident: Incident, about: str) -> timedelta | None:
    """How long a network may take to accept anything, before a partner counts as unreachable."""
    if about in incident.alerts:
        alert = book.playbook.alerts.get(incident.alerts[about].fact.template)
        return alert.ack.within if alert is not None else None
    if about in incident.rounds:
        checkin = book.playbook.checkins.get(incident.rounds[about].fact.name)
        return checkin.within if checkin is not None else None
    return None


def counted_from(watch: Watch) -> datetime | None:
    """The time from which a partner's silence counts: the first acceptance, else when it was found to be unreachable."""
    return watch.since or watch.lost_at


def next_step(then: tuple[Step, ...], watch: Watch) -> datetime | None:
    """When the next step for a partner is due; None where there is none, or its time has not begun."""
    start = counted_from(watch)
    return start + then[watch.done].after if start is not None and watch.done < len(then) else None


def has_run_out(incident: Incident, about: str, now: datetime) -> bool:
    """Whether the time of an alert is up, though nothing may have come of that yet."""
    issued = incident.alerts.get(about)
    return issued is not None and issued.fact.expires is not None and now >= issued.fact.expires


def key(kind: str, about: str, partner: str) -> str:
    """The key of a deadline about one partner: ``escalation`` or ``unreachable``."""
    return f"{kind}:{about}:{partner}"


def asked(
    incident: Incident, about: str, limit: timedelta | None, partners: Iterable[str], now: datetime
) -> list[Effect]:
    """Partners are asked for an answer: when each of them is unreachable if no network has accepted anything by then."""
    if limit is None:
        return []
    return [
        Wake(key("unreachable", about, partner), incident.id, now + limit, "unreachable", f"{about} {partner}")
        for partner in partners
    ]


def stopped(about: str, partner: str) -> list[Effect]:
    """Nobody waits for this partner's answer any more: its deadlines are taken back."""
    return [Unwake(key("escalation", about, partner)), Unwake(key("unreachable", about, partner))]
