"""Lints of what is waited for: escalations that reach nobody, answers that nobody may read, conversations nobody can follow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from playbooks.examined import Examined, named
from playbooks.problems import Problem
from playbooks.schema import EVERYONE, Channel, Permit, Step
from playbooks.schema_words import quoted
from playbooks.selection import Event
from playbooks.sight import Question, Seen
from playbooks.whom import Whom

Path = tuple[str | int, ...]


def escalations(x: Examined) -> Iterator[Problem]:
    """Steps that can reach nobody, and escalations after whose last step nobody knows who is silent."""
    playbook = x.book.playbook
    for name, alert in playbook.alerts.items():
        whom = Whom(("alerts", name, "to"), alert.to, "of an alert")
        yield from _escalation(x, ("alerts", name, "ack", "then"), alert.ack.then, whom, "alerts")
    for name, checkin in playbook.checkins.items():
        whom = Whom(("checkins", name, "to"), checkin.to, "of a partner")
        yield from _escalation(x, ("checkins", name, "then"), checkin.then, whom, "checkins")


def _escalation(x: Examined, at: Path, steps: Sequence[Step], whom: Whom, use: str) -> Iterator[Problem]:
    if not steps:
        return
    meant = x.possible.meant(whom)
    partners = [who for name, who in x.book.playbook.partners.items() if name in meant]
    for index, step in enumerate(steps):
        nobody = None
        if step.do == "other_network":
            uses = [{room.network for room in who.rooms if use in room.for_ and not room.exercises} for who in partners]
            if all(len(networks) < 2 for networks in uses):
                nobody = (
                    "no partner that is meant has rooms for it on a second network",
                    "give them one, or drop the step",
                )
        elif step.do == "deputies" and not any(rule.deputies for rule in x.book.playbook.leads):
            nobody = "no rule under `leads` names deputies", "name them, or drop the step"
        elif step.do == "call" and not any(who.phone_24h for who in partners):
            nobody = "no partner that is meant has a telephone number", "give them a `phone_24h`, or drop the step"
        if nobody is not None and partners:
            what = f"in {quoted(str(at[1]))}, this step reaches nobody: {nobody[0]}"
            yield x.problem("step-reaches-nobody", (*at, index, "do"), what, nobody[1])
    if not any(step.do in ("call", "deputies", "lead", "coordinators") for step in steps):
        what = (
            f"the last step of {quoted(str(at[1]))} asks those who are silent once more, and nobody else learns of it"
        )
        fix = "end with `{after: …, do: lead}`, `call` or `coordinators`"
        yield x.problem("escalation-ends-in-nobody", (*at, len(steps) - 1, "do"), what, fix)


def unread_answers(x: Examined) -> Iterator[Problem]:
    """A check-in whose answers none of those who lead may read."""
    for name, checkin in x.book.playbook.checkins.items():
        leading = x.possible.leading(checkin.in_ or x.book.playbook.phases)
        if not leading or _may_read(x, name, leading):
            continue
        what = f"the answers to {quoted(name)} are {checkin.label.tlp.word}, and nobody who leads then may be shown that where they have rooms"
        if checkin.label.compartments:
            what = f"the answers to {quoted(name)} are {checkin.label.tlp.word} ({', '.join(checkin.label.compartments)}), and nobody who leads then may be shown that"
        fix = "give them a `label` that those who lead may see, as `label: {tlp: green}`"
        yield x.problem_of_key("checkin-nobody-sees", ("checkins", name, "label"), what, fix)


def _may_read(x: Examined, checkin: str, leading: Collection[str]) -> bool:
    """Whether any of these may be shown the answers to a check-in in a room for check-ins, if it is permitted."""
    everyone = Permit(permit=("_answer",), to=EVERYONE)
    playbook = x.book.playbook
    few = {name: who for name, who in playbook.partners.items() if name in leading}
    update = {"partners": few, "sharing": (everyone,), "channels": {}}
    book = replace(x.book, playbook=playbook.model_copy(update=update))
    so = x.possible.now((), ())[0]
    for name, who in few.items():
        question = Question(book, so, Event(name, frozenset({who.jurisdiction})))
        if any(isinstance(question.decide(room, f"?{checkin}"), Seen) for room in x.possible.rooms(name, "checkins")):
            return True
    return False


def channels(x: Examined) -> Iterator[Problem]:
    """Channels of which somebody, or everybody, hears nothing."""
    playbook = x.book.playbook
    for name, channel in playbook.channels.items():
        members = _members(x, name, channel)
        if not members:
            continue
        roomless = [
            member
            for member in members
            if (rooms := playbook.partners[member].rooms) and not any(name in room.for_ for room in rooms)
        ]
        if roomless:
            what = f"{named(roomless)} {'is a member' if len(roomless) == 1 else 'are members'} and {'has' if len(roomless) == 1 else 'have'} no room for this channel"
            fix = f"add `for: [{name}]` to a room of theirs, or leave them out"
            yield x.problem("member-without-room", ("channels", name, "members"), what, fix)
        if len(members) - len(roomless) > 1 and not _heard(x, name, channel):
            what = f"nothing said in {quoted(name)} is relayed: no other member may be shown it in a room for it"
            fix = "lower its `label`, or name an agreement under `under` with its `purpose`"
            yield x.problem_of_key("channel-nobody-hears", ("channels", name), what, fix)


def strangers(x: Examined) -> Iterator[Problem]:
    """A room for a channel, of a partner that is no member of it."""
    playbook = x.book.playbook
    members = {name: set(_members(x, name, channel)) for name, channel in playbook.channels.items()}
    for name, who in playbook.partners.items():
        for index, room in enumerate(who.rooms):
            for place, use in enumerate(room.for_):
                if use in members and name not in members[use]:
                    what = f"{quoted(name)} is no member of {quoted(use)}: nothing said there comes to this room"
                    fix = f"add it to the channel's `members`, or take {quoted(use)} from `for`"
                    yield x.problem(
                        "room-without-membership", ("partners", name, "rooms", index, "for", place), what, fix
                    )


def unequal(x: Examined) -> Iterator[Problem]:
    """A room in several channels whose labels differ: nobody knows of which of them it speaks, so what is said there is held as closely as all."""
    playbook = x.book.playbook
    for name, who in playbook.partners.items():
        for index, room in enumerate(who.rooms):
            here = [(place, use) for place, use in enumerate(room.for_) if use in playbook.channels]
            if len({playbook.channels[use].label.label for _, use in here}) > 1:
                what = f"{named(use for _, use in here)} are held differently: what is said here and answers nothing reaches only those who may read all of them"
                fix = "give each channel a room of its own"
                at = ("partners", name, "rooms", index, "for", here[-1][0])
                yield x.problem("room-of-unequal-channels", at, what, fix)


def _members(x: Examined, name: str, channel: Channel) -> list[str]:
    meant = x.possible.meant(Whom(("channels", name, "members"), channel.members, "of a partner"))
    return [partner for partner in x.book.playbook.partners if partner in meant]


def _heard(x: Examined, name: str, channel: Channel) -> bool:
    """Whether what one member says in a channel is ever relayed to another."""
    few = x.possible.alike.sample([channel.members])
    partners = few.book.playbook.partners
    members = _members(x, name, channel)
    lands = [x.book.playbook.partners[member].jurisdiction for member in members]
    membership = Permit(permit=("_note",), to=channel.members, purpose=channel.purpose, under=channel.under)
    for so in x.possible.ever([membership], [channel.members]):
        for land in dict.fromkeys(lands):
            question = Question(few.book, so, x.possible.event(few, land))
            for one, who in partners.items():
                another_speaks = lands.count(land) > (who.jurisdiction == land)
                rooms = x.possible.rooms(one, name) if one in members and another_speaks else ()
                if any(isinstance(question.decide(room, f"#{name}"), Seen) for room in rooms):
                    return True
    return False
