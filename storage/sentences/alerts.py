"""Sentences about alerts and what is asked: drafts, what was issued and to whom, answers, silence, calls, check-ins, roll calls."""

from __future__ import annotations

from storage import facts as f
from storage.facts.fact import Fact
from storage.sentences.phrases import Phrases
from storage.unseen import is_seen


def alerts(fact: Fact, by: Phrases) -> str | None:
    """What happened; None for a fact that is told elsewhere."""
    say, who = by.say, by.who
    match fact:
        case f.AlertDrafted() as d:
            state = say("asks for {part}", part=d.asking) if d.asking else say("waits to be confirmed")
            return say(
                "Draft {draft}, {alert}, by {who}: {state}",
                draft=d.draft,
                alert=d.template,
                who=who(d.person, d.partner),
                state=state,
            )
        case f.DraftConfirmed(draft=draft, person=person):
            return say("Draft {draft} confirmed by {who}; a second person is needed", draft=draft, who=person)
        case f.DraftDropped(draft=draft, by=dropped):
            return say("Draft {draft} dropped by {who}", draft=draft, who=by.code(dropped))
        case f.AlertIssued() as a:
            words = say(
                "{alert} issued, {title}, by {who}", alert=a.alert, title=a.template, who=who(a.person, a.partner)
            )
            alone = say(", alone: nobody else came in time")
            return (
                words + (alone if a.alone is True else say(", confirmed by {who}", who=a.confirmed_by)) + by.by(a.rule)
            )
        case f.CopyHeld() as h:
            reason = by.code(h.reason)
            what = (
                say("{field} is needed, and withheld ({reason})", field=h.field, reason=reason) if h.field else reason
            )
            return say("{alert} held back from {partner}: {what}", alert=h.alert, partner=h.partner, what=what) + by.by(
                h.rule
            )
        case f.CopyReleased() as c:
            return say(
                "{alert}: the copy held back from {partner} is released by {who}",
                alert=c.alert,
                partner=c.partner,
                who=c.person,
            )
        case f.CallAsked() as c:
            return say("{alert}: {partner} is asked to ring, by {who}", alert=c.alert, partner=c.partner, who=c.person)
        case f.AlertAddressed(alert=alert):
            return say("{alert} addressed", alert=alert)
        case f.AlertExpired(alert=alert):
            return say("{alert}: its time is over", alert=alert)
        case f.AlertCancelled() as a:
            mistake = say(", sent by mistake") if a.mistake is True else ""
            words = say("{alert} cancelled by {who}", alert=a.alert, who=who(a.person, a.partner))
            return words + mistake + by.said(a.text) + by.by(a.rule)
        case f.AlertRetracted() as a:
            words = say("{alert} taken back by {who}", alert=a.alert, who=who(a.person, a.partner))
            return words + by.said(a.text) + by.by(a.rule)
        case f.AlertSuperseded(alert=alert, by=newer):
            return say("{alert}: {by} takes its place", alert=alert, by=newer)
        case f.AlertRequested() as r:
            return say(
                "{request}: {who} asks {asked} to send {alert}",
                request=r.request,
                who=who(r.person, r.partner),
                asked=", ".join(r.asked),
                alert=r.template,
            )
        case f.AskedToIssue() as r:
            return say(
                "{who} asks {asked} to issue {alert}",
                who=who(r.person, r.partner),
                asked=", ".join(r.asked),
                alert=r.template,
            )
        case f.RequestAnswered() as r:
            return say(
                "{request}: {answer} by {who}",
                request=r.request,
                answer=by.code(r.answer),
                who=who(r.person, r.partner),
            )
        case _:
            return _answers(fact, by) or _rounds(fact, by)


def _answers(fact: Fact, by: Phrases) -> str | None:
    """Who answers an alert, and who is silent."""
    say, who, code = by.say, by.who, by.code
    match fact:
        case f.Acknowledged() as a:
            spoke = say(", by telephone with {name}", name=a.spoke_with) if a.spoke_with else ""
            how = f"{a.person}, {code(a.via)}{spoke}{_late(by) if a.late is True else ''}"
            return say(
                "{alert}: {partner} answers {answer} ({how})",
                alert=a.alert,
                partner=a.partner,
                answer=code(a.choice),
                how=how,
            )
        case f.AnswerUndone() as a:
            return say(
                "{alert}: {who} takes back the answer {answer}",
                alert=a.alert,
                who=who(a.person, a.partner),
                answer=code(a.choice),
            )
        case f.Escalated() as e:
            step = str(e.step + 1) if is_seen(e.step) else str(e.step)
            return say(
                "{alert}: {partner} is silent; step {step}, {what}",
                alert=e.about,
                partner=e.partner,
                step=step,
                what=code(e.do),
            ) + by.late(e.late)
        case f.EscalationStalled() as e:
            return say(
                "{alert}: the reminders for {partner} had stopped, and are set again", alert=e.about, partner=e.partner
            )
        case f.PartnerUnreachable() as u:
            return say("{alert}: no network accepted anything for {partner}", alert=u.about, partner=u.partner)
        case f.CallTaken() as c:
            return say("{alert}: {who} rings {partner}", alert=c.about, who=c.person, partner=c.partner)
        case f.CallReported() as c:
            names = {"alert": c.about, "who": c.person, "partner": c.partner}
            if not is_seen(c.reached):
                words = say("{alert}: {who} rang {partner} by telephone", **names)
            elif c.reached:
                words = say("{alert}: {who} reached {partner} by telephone", **names)
            else:
                words = say("{alert}: {who} did not reach {partner} by telephone", **names)
            return words + (by.said(say("spoke with {name}", name=c.spoke_with)) if c.spoke_with else "")
        case _:
            return None


def _rounds(fact: Fact, by: Phrases) -> str | None:
    """Check-ins and roll calls."""
    say, who, code = by.say, by.who, by.code
    match fact:
        case f.CheckinStarted() as c:
            return say("Check-in {name}, round {round}, begins", name=c.name, round=c.round)
        case f.CheckinAnswered() as c:
            how = f"{c.person}{_late(by) if c.late is True else ''}"
            words = say(
                "{round}: {partner} answers {answer} ({how})",
                round=c.round,
                partner=c.partner,
                answer=code(c.answer),
                how=how,
            )
            return words + by.said(c.words)
        case f.CheckinOverdue(round=number):
            return say("{round}: the time to answer is over", round=number)
        case f.CheckinEnded(round=number, why=reason):
            return say("{round} is over: {why}", round=number, why=code(reason))
        case f.RollCallStarted() as r:
            return say(
                "Roll call {round} of {partner}, by {who}",
                round=r.rollcall,
                partner=r.partner or say("all partners"),
                who=who(r.person, r.by),
            )
        case f.PersonAccounted() as p:
            person = p.name or p.person
            return say(
                "{round}: {who}, {state}", round=p.rollcall, who=who(person, p.partner), state=code(p.state)
            ) + by.said(p.words)
        case f.RollCallEnded(rollcall=number, why=reason):
            return say("{round} is over: {why}", round=number, why=code(reason))
        case _:
            return None


def _late(by: Phrases) -> str:
    return f", {by.tongue.word('late')}"
