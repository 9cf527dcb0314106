"""The one list of commands: it drives the help, the menus, the permission checks and the documentation."""

from __future__ import annotations

from handlers import (
    ack,
    activate,
    admit,
    alert,
    danger,
    duty,
    gates,
    lost,
    people,
    playbook,
    reach,
    ready,
    release,
    requests,
    rooms,
    small,
    status,
    who,
)
from handlers import help as helping
from handlers.case import Case
from handlers.command import Command
from storage.effects import Effect


def _help(case: Case, arguments: str) -> list[Effect]:
    return helping.decide(case, COMMANDS)


COMMANDS: tuple[Command, ...] = (
    Command("help", "", "what you can do here", "anyone", gates.anyone, _help, incident=False),
    Command(
        "status",
        "[A-17]",
        "what is happening, who leads, what is open for you",
        "a partner's people",
        gates.partner,
        status.decide,
    ),
    Command("who", "", "partners, leads and their numbers", "a partner's people", gates.partner, who.decide),
    Command("ack", "A-17 [acting|seen|cannot]", "answer an alert", "a partner's people", gates.partner, ack.decide),
    Command("note", "WORDS", "a remark for the log", "a partner's people", gates.partner, small.note),
    Command("lang", "[room] fr", "the language I speak to you", "anyone", gates.anyone, small.lang, incident=False),
    Command(
        "alert",
        "TEMPLATE key=value words",
        "issue an alert; alone, I ask step by step",
        "whoever the playbook names",
        gates.issuers,
        alert.decide,
        offered=gates.has_alerts,
    ),
    Command(
        "danger",
        "REASON",
        "declare imminent danger to life; /danger off ends it",
        "whoever the playbook names",
        gates.issuers,
        danger.decide,
        offered=gates.declares,
    ),
    Command(
        "activate",
        "PLAYBOOK [hazard] [title]",
        "start an incident",
        "whoever the playbook names, coordinators",
        gates.starters,
        activate.decide,
        incident=False,
        offered=gates.starts,
    ),
    Command(
        "invite",
        "ROLE [PARTNER]",
        "a code that enrols a person",
        "a partner's people, coordinators",
        gates.partner,
        people.invite,
        incident=False,
    ),
    Command(
        "start", "CODE", "redeem an invitation", "anyone, in a private chat", gates.anyone, people.start, incident=False
    ),
    Command(
        "duty",
        "take|give PERSON|off|who",
        "who is on duty for your partner; hand over at the change of shift",
        "a partner's people",
        gates.partner,
        duty.decide,
        incident=False,
    ),
    Command(
        "ready",
        "[PLAYBOOK] | test",
        "what would keep an alarm from arriving; test: try it, silently",
        "liaisons, coordinators",
        gates.readiness,
        ready.decide,
        incident=False,
    ),
    Command(
        "received",
        "T-3",
        "what the button of a test says",
        "a partner's people",
        gates.partner,
        reach.received,
        incident=False,
        hidden=True,
    ),
    Command(
        "lost",
        "[PERSON]",
        "a telephone is lost: its account speaks for nobody any more",
        "oneself; liaisons, coordinators for others",
        gates.anyone,
        lost.decide,
        incident=False,
    ),
    Command(
        "revoke",
        "PERSON",
        "take every role from a person, at once",
        "liaisons, coordinators",
        gates.revokers,
        people.revoke,
        incident=False,
    ),
    Command(
        "bind", "PARTNER", "this room is that partner's", "coordinators", gates.coordinator, rooms.bind, incident=False
    ),
    Command(
        "playbook",
        "[reload]",
        "the rules this goes by; reload: go by the file as it is now",
        "a partner's people; reload: coordinators",
        gates.partner,
        playbook.decide,
    ),
    Command(
        "admit",
        "NAME as KIND for 12h",
        "let a partner take part that nobody foresaw",
        "coordinators, the lead",
        gates.partner,
        admit.decide,
        offered=gates.admits,
    ),
    Command(
        "release",
        "A-17 PARTNER key=value",
        "copies that are held back, and what can be done",
        "who issued the alert, the lead",
        gates.issuers,
        release.decide,
        offered=release.releases,
    ),
    Command("close", "[reason]", "the incident is over", "coordinators", gates.coordinator, small.close),
    Command("log", "[reason]", "the incident's log", "auditors, coordinators", gates.auditors, small.log),
    Command(
        "draft",
        "D-3 send",
        "what a draft's buttons say",
        "whoever the playbook names",
        gates.issuers,
        alert.draft,
        hidden=True,
    ),
    Command(
        "ask",
        "TEMPLATE",
        "ask those whose alert it is",
        "a partner's people",
        gates.issuers,
        requests.decide,
        hidden=True,
    ),
)
"""Every command, in the order of the help."""
