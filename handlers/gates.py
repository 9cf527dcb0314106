"""Who may give which command, in words for them where they may not; and which commands the help offers.

One gate for each permission, used by the help and by execution alike.
"""

from __future__ import annotations

from handlers import activate, briefing, leading, phase
from handlers.case import Case
from playbooks import mandate
from playbooks.cleared import Cleared


def anyone(case: Case) -> Cleared | None:
    return None


def partner(case: Case) -> Cleared | None:
    """People of a partner, and coordinators in a private chat."""
    if case.actor.partner is not None or (case.actor.coordinator and case.request.private):
        return None
    return case.say("This chat belongs to no partner. Please write in your partner's room.")


def issuers(case: Case) -> Cleared | None:
    """People of a partner; which alerts are theirs is the playbook's to say, and said with the alert."""
    if case.actor.partner is not None:
        return None
    return case.say("This chat belongs to no partner. Please write in your partner's room.")


def revokers(case: Case) -> Cleared | None:
    """Coordinators, and liaisons: whose people they may revoke is said with the person."""
    if case.actor.coordinator or "liaison" in case.actor.roles:
        return None
    return case.say("Not revoked. Coordinators, and liaisons of the person's own partner, may do that.")


def readiness(case: Case) -> Cleared | None:
    """Coordinators, and liaisons for their own partner."""
    if case.actor.coordinator or "liaison" in case.actor.roles:
        return None
    return case.say("Coordinators may ask this, and liaisons for their own partner.")


def coordinator(case: Case) -> Cleared | None:
    return None if case.actor.coordinator else case.say("Only coordinators may do this.")


def leads(case: Case) -> Cleared | None:
    """People of a partner in the lead, and coordinators: what each room may show is decided line by line."""
    if case.actor.coordinator or leading.led_with(case):
        return None
    return case.say("Only the lead and the coordinators have the board. /status shows what is open for you.")


def starters(case: Case) -> Cleared | None:
    """Those whom a playbook's ``activate`` names; asked for a certain playbook, the refusal says who may."""
    return partner(case)


def auditors(case: Case) -> Cleared | None:
    if case.actor.coordinator or "auditor" in case.actor.roles or (case.actor.auditor and case.request.private):
        return None
    return case.say("Only auditors and coordinators may read the log here.")


def has_alerts(case: Case) -> bool:
    """Whether some alert is theirs to issue as things are now."""
    assert case.book is not None
    partner, issuer = case.actor.partner, case.actor.may_issue
    return issuer and any(
        isinstance(mandate.may_issue(case.book, case.so, template, str(partner), None), mandate.Mandated)
        for template in case.book.playbook.alerts
    )


def declares(case: Case) -> bool:
    """Whether it is theirs to declare danger."""
    assert case.book is not None
    partner, issuer = case.actor.partner, case.actor.may_issue
    return issuer and mandate.may_declare_danger(case.book, case.so, str(partner)) is not None


def starts(case: Case) -> bool:
    """Whether there is a playbook that they may start an incident from."""
    return bool(activate.startable(case))


def admits(case: Case) -> bool:
    """Coordinators, and whoever may issue for a partner in the lead."""
    return case.actor.coordinator or is_lead(case)


def phases(case: Case) -> bool:
    """Whether they may change the phase."""
    return phase.may_change(case)


def is_lead(case: Case) -> bool:
    """Whether they may decide as the lead, alone or with others."""
    return bool(leading.may_decide(case))


def hands_over(case: Case) -> bool:
    """Whether there is a lead that they may hand over."""
    return bool(leading.may_speak(case))


def is_offered(case: Case) -> bool:
    """Whether a lead waits for their partner's answer."""
    assert case.incident is not None
    waiting = (o for o in case.incident.offers.values() if o.ended is None)
    return case.actor.may_issue and any(case.actor.partner == o.fact.decides for o in waiting)


def is_briefed(case: Case) -> bool:
    """Whether their partner leads, or is to lead."""
    return briefing.is_for(case)


def officials(case: Case) -> bool:
    """Officials of a partner."""
    return "official" in case.actor.roles


def names_stand_ins(case: Case) -> bool:
    """Officials and coordinators of a partner."""
    return bool(case.actor.roles & {"official", "coordinator"})


def conducts(case: Case) -> bool:
    """Whether they may ask everybody: coordinators, and the liaisons, officials and coordinators of whoever leads."""
    return case.actor.coordinator or is_lead(case)


def calls_own(case: Case) -> bool:
    """Whether they may ask whether their own partner's people are safe."""
    return case.actor.partner is not None and bool(case.actor.roles & {"liaison", "official", "coordinator"})


def rolls(case: Case) -> bool:
    """Whether there is anybody of whom they may ask that."""
    return conducts(case) or calls_own(case)
