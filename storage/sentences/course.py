"""Sentences about an incident's course: how it begins and ends, who leads, what is decided, by which playbook it goes."""

from __future__ import annotations

from storage import facts as f
from storage.facts.fact import Fact
from storage.sentences.phrases import Phrases

REFUSED = {
    "not-theirs": "which is not theirs to do",
    "not-their-ground": "which is not their ground",
    "no-such-place": "for a place that the playbook does not know",
    "revoked": "whose access was withdrawn",
    "no-partner": "in a chat of no partner",
    "role": "which their role does not allow",
    "taken": "the room is another partner's",
    "not-in-playbook": "the room is not in the playbook",
}
"""Why a command was refused."""


def course(fact: Fact, by: Phrases) -> str | None:
    """What happened; None for a fact that is told elsewhere."""
    say, who = by.say, by.who
    match fact:
        case f.IncidentOpened() as o:
            names = {
                "incident": o.incident,
                "who": who(o.person, o.partner),
                "book": o.playbook,
                "version": o.playbook_version,
            }
            if o.exercise is True:
                words = say("EXERCISE {incident} opened by {who}: {book} version {version}", **names)
            elif o.rehearsal is True:
                words = say("Rehearsal {incident} opened by {who}: {book} version {version}", **names)
            else:
                words = say("Incident {incident} opened by {who}: {book} version {version}", **names)
            return words + (f", {o.title}" if o.title else "")
        case f.IncidentClosed() as c:
            return say("Closed by {who}", who=who(c.person, c.partner)) + by.said(c.reason)
        case f.PhaseChanged() as p:
            return say(
                "Phase {phase} begins, after {before}; by {who}",
                phase=p.phase,
                before=p.before,
                who=who(p.person, p.partner),
            )
        case f.DangerDeclared() as d:
            until, person = by.minute(d.until), who(d.person, d.partner)
            return (
                say("Danger declared by {who} until {until}", who=person, until=until)
                + by.said(d.reason)
                + by.by(d.rule)
            )
        case f.DangerEnded(by=ended):
            return say("The declared danger is over: {by}", by=by.code(ended))
        case f.NoteAdded() as n:
            return say("Note by {who}: {text}", who=who(n.person, n.partner), text=n.text)
        case f.CommandRefused() as c:
            reason = say(REFUSED[c.reason]) if c.reason in REFUSED else by.code(c.reason)
            words = say(
                "Refused to {who}: {command}, {reason}", who=who(c.person, c.partner), command=c.command, reason=reason
            )
            return words + by.by(c.rule)
        case f.ExercisePaused(by=paused):
            return say("Exercise paused by {who}", who=by.code(paused))
        case f.ExerciseResumed(person=person):
            return say("Exercise resumed by {who}", who=person)
        case f.ReportMade() as r:
            state = "" if r.complete is True else say(", not finished")
            return say("{report}: report made by {who}", report=r.report, who=who(r.person, r.partner)) + state
        case f.ReportAnswered() as r:
            opened = say(", {incident} opened", incident=r.incident) if r.incident else ""
            return say("{report}: dealt with by {who}", report=r.report, who=r.person) + opened
        case f.PartnerAdmitted() as p:
            return say(
                "{name} ({partner}) admitted until {until} as {kind}, by {who}",
                name=p.name,
                partner=p.partner,
                until=by.minute(p.until),
                kind=p.kind,
                who=who(p.person, p.by),
            ) + by.by(p.rule)
        case f.AdmissionEnded() as p:
            return say("{partner} takes part no longer: {by}", partner=p.partner, by=by.code(p.by))
        case _:
            return _playbook(fact, by) or _command(fact, by)


def _playbook(fact: Fact, by: Phrases) -> str | None:
    """By which playbook it goes."""
    say, who = by.say, by.who
    match fact:
        case f.PlaybookProposed() as p:
            many = say("opens {opens}, closes {closes}", opens=p.opens, closes=p.closes)
            return say(
                "{book} version {version} proposed by {who} ({many}): {digest}",
                book=p.playbook,
                version=p.version,
                who=who(p.person, p.partner),
                many=many,
                digest=p.digest,
            )
        case f.PlaybookKept() as k:
            return say("The proposed playbook declined by {who}", who=who(k.person, k.partner))
        case f.PlaybookReloaded() as p:
            return say(
                "Under {book} version {version} from here on, proposed by {first}, agreed by {who}: {digest}",
                book=p.playbook,
                version=p.version,
                first=p.proposed_by,
                who=who(p.person, p.partner),
                digest=p.digest,
            )
        case _:
            return None


def _command(fact: Fact, by: Phrases) -> str | None:
    """Who leads, and what is decided."""
    say, who = by.say, by.who
    match fact:
        case f.LeadTaken() as lead:
            partners, where = ", ".join(lead.partners), by.where(lead.tier, lead.jurisdiction)
            words = say("Lead {where}: {partners}.", where=where, partners=partners) + f" {lead.basis or ''}"
            return words.rstrip(" .") + by.by(lead.rule)
        case f.LeadOffered() as o:
            words = say(
                "{offer}: the lead {where} is offered to {partners}, from {before} ({why})",
                offer=o.offer,
                where=by.where(o.tier, o.jurisdiction),
                partners=", ".join(o.partners),
                before=", ".join(o.before) or say("nobody"),
                why=by.code(o.why),
            )
            return words + by.by(o.rule)
        case f.LeadOfferEnded() as o:
            how = (
                say("{how} by {who}", how=by.code(o.why), who=who(o.person, o.partner)) if o.person else by.code(o.why)
            )
            return by.tongue.named(o.offer, how) + by.said(o.reason)
        case f.LeadEnded() as lead:
            where = by.where(lead.tier, lead.jurisdiction)
            return say("Lead {where}: nobody by a rule of its own any more; another lead covers it", where=where)
        case f.DecisionDrafted() as d:
            state = say("asks for {part}", part=d.asking) if d.asking else say("given up, or put on record")
            return say("A decision drafted by {who}: {state}", who=who(d.person, d.partner), state=state)
        case f.DecisionTaken() as d:
            return say("Decision {decision} by {who}", decision=d.decision, who=who(d.person, d.partner)) + by.by(
                d.rule
            )
        case f.Objected() as o:
            return say("{who} objects to {about}: {text}", who=who(o.person, o.partner), about=o.about, text=o.text)
        case f.BriefingGiven() as b:
            offer = say(", with {offer}", offer=b.offer) if b.offer else ""
            return (
                say("{partner} is given a briefing over the first {upto} entries", partner=b.partner, upto=b.upto)
                + offer
            )
        case f.DutyShown() as d:
            return say("{who} is shown what the law asks", who=d.person or d.partner) + by.by(d.rule)
        case f.DutyConfirmed() as d:
            return say("{who} confirms to know what the law asks", who=who(d.person, d.partner)) + by.by(d.rule)
        case f.StandInNamed() as s:
            return say(
                "{name} stands in for {office} of {partner} by {instrument}, said by {who}",
                name=s.stand_in,
                office=s.office,
                partner=s.partner,
                instrument=s.instrument,
                who=s.person,
            )
        case _:
            return None
