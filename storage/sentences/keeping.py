"""Sentences about the log itself and who is who: readings, copies, checkpoints, erasures, persons and their duty, the program."""

from __future__ import annotations

from storage import facts as f
from storage.facts.fact import Fact
from storage.sentences.phrases import Phrases
from storage.unseen import is_seen


def keeping(fact: Fact, by: Phrases) -> str | None:
    """What happened; None for a fact that is told elsewhere."""
    say, who, code = by.say, by.who, by.code
    match fact:
        case f.LogRead() as r:
            asked = say(", who asked: {question}", question=r.question) if r.question else ""
            why = say("; because {reason}", reason=r.reason) if r.reason else ""
            shown = r.shown is not None and is_seen(r.shown)
            of = say("; from {shown} of {upto} entries", shown=r.shown, upto=r.upto) if shown else ""
            return say("Log read by {who}", who=who(r.person, r.partner)) + asked + why + of
        case f.Exported() as e:
            kept = sum(one for one in e.withheld.values() if isinstance(one, int)) if is_seen(e.withheld) else 0
            many = is_seen(e.disclosed) and e.disclosed
            of = say("; {shown} fields shown, {kept} withheld", shown=e.disclosed, kept=kept) if many else ""
            return (
                say(
                    "Exported by {who} as a {form}, for {reader}: {reason}",
                    who=code(e.by),
                    form=e.form,
                    reader=code(e.reader),
                    reason=e.reason,
                )
                + of
            )
        case f.CheckpointPosted() as c:
            return say(
                "The log's signed state over {size} entries is posted to {where}",
                size=c.size,
                where=by.whose(c.partner, c.room),
            )
        case f.CheckpointCosigned() as c:
            words = say("{partner} cosigns the log's state over {size} entries", partner=c.partner, size=c.size)
            confirmed = say("; the key is theirs as the playbook has it")
            return words + (confirmed if c.confirmed is True else say("; the key is theirs as the operator says"))
        case f.CheckpointStamped() as c:
            return say(
                "{authority} stamps the log's state over {size} entries with the time: {time}",
                authority=c.authority or say("An authority"),
                size=c.size,
                time=by.minute(c.time),
            )
        case f.KeyReplaced() as k:
            return say(
                "The signing key replaced by {who}: {reason}. From here on {new}, before {old}",
                who=code(k.by),
                reason=k.reason,
                new=k.new,
                old=k.old,
            )
        case f.RollbackFound() as r:
            return say(
                "The log of {stream} is not what was signed: {size} entries now, {signed} were signed; an older database was put back",
                stream=r.stream,
                size=r.size,
                signed=r.signed,
            )
        case f.FieldErased() as e:
            return say(
                "Field {path} of entry {entry} erased by {who}: {reason}; on the basis of {basis}",
                path=e.path,
                entry=e.entry,
                who=code(e.by),
                reason=e.reason,
                basis=e.basis,
            )
        case f.PersonErased() as e:
            return say(
                "What was held of {person} erased by {who}, in {entries} entries: {reason}; on the basis of {basis}",
                person=e.person or say("a person"),
                who=code(e.by),
                entries=e.entries,
                reason=e.reason,
                basis=e.basis,
            )
        case f.LogErased() as e:
            return say(
                "Everything up to entry {upto} erased by {who}, after the {days} days for which it is kept: {reason}",
                upto=e.upto,
                who=code(e.by),
                days=e.days,
                reason=e.reason,
            )
        case f.HoldPlaced() as h:
            return say("Legal hold on {what} placed by {who}: {reason}", what=h.on, who=code(h.by), reason=h.reason)
        case f.HoldLifted() as h:
            return say("Legal hold on {what} lifted by {who}: {reason}", what=h.on, who=code(h.by), reason=h.reason)
        case f.Started(program=program, playbooks=books):
            return say(
                "Started, {program}, with {books}", program=program, books=", ".join(books) or say("no playbook")
            )
        case f.Stopped(reason=reason):
            return say("Stopped: {reason}", reason=by.own(reason))
        case _:
            return _persons(fact, by) or _duty(fact, by)


def _persons(fact: Fact, by: Phrases) -> str | None:
    """Who is who."""
    say, who, code = by.say, by.who, by.code
    match fact:
        case f.InvitationMade() as i:
            return say(
                "Invitation {invitation} made by {who}: {role}, until {until}",
                invitation=i.invitation,
                who=code(i.by),
                role=who(by.own(i.role), i.partner),
                until=by.minute(i.expires),
            )
        case f.PersonEnrolled() as p:
            return say(
                "{name} ({account}) enrolled as {person}, {role}",
                name=p.name,
                account=p.identity,
                person=p.person,
                role=who(by.own(p.role), p.partner),
            )
        case f.IdentityJoined() as j:
            return say("{person} is also {account}", person=j.person, account=j.identity)
        case f.IdentityLost() as lost:
            return say(
                "{account} of {person} is lost, said by {who}",
                account=lost.identity,
                person=lost.person,
                who=code(lost.by),
            )
        case f.PersonRevoked() as p:
            return say("The access of {person} withdrawn by {who}", person=p.person, who=code(p.by)) + by.said(p.reason)
        case f.LanguageChosen() as chosen:
            return say(
                "Language {language} chosen for {whom} by {who}",
                language=chosen.language,
                whom=chosen.who,
                who=code(chosen.by),
            )
        case _:
            return None


def _duty(fact: Fact, by: Phrases) -> str | None:
    """Who is on duty, and whether everybody can be reached."""
    say, who, code = by.say, by.who, by.code
    match fact:
        case f.DutyOffered() as d:
            return say("{who} asks {to} to take over duty for {partner}", who=d.person, to=d.to, partner=d.partner)
        case f.DutyTaken() as d:
            after = say(", after {who}", who=d.given_by) if d.given_by else ""
            return say("{who} on duty for {partner}", who=d.person, partner=d.partner) + after
        case f.DutyLeft() as d:
            after = by.said(say("{who} took over", who=d.to)) if d.to else ""
            return say("{who} off duty for {partner}", who=d.person, partner=d.partner) + after
        case f.DutyReminded() as d:
            return say("{partner} is reminded of what the law asks", partner=d.partner) + by.by(d.rule)
        case f.ReachTestSent() as t:
            return say(
                "Test of the alarm chain {test}, {book}, by {who}: {rooms} rooms, {persons} liaisons",
                test=t.test,
                book=t.playbook,
                who=code(t.by),
                rooms=by.many(t.rooms),
                persons=by.many(t.persons),
            )
        case f.ReachTestAnswered() as t:
            return say("{test} received by {who} in {room}", test=t.test, who=who(t.person, t.partner), room=t.room)
        case _:
            return None
