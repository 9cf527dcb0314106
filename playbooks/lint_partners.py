"""Lints of partners, their rooms and their ground: who cannot be reached, and what two of them share that should be one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from playbooks.alike import led_by
from playbooks.examined import Examined, named
from playbooks.named_keys import keys_named
from playbooks.problems import Problem
from playbooks.rooms import RoomRef
from playbooks.schema_words import quoted


def without_room(x: Examined) -> Iterator[Problem]:
    """A partner that alerts cannot reach; of a lead or deputy the rule that names it says so."""
    leading = {name for rule in x.book.playbook.leads for name in led_by(rule)}
    for name, who in x.book.playbook.partners.items():
        if name in leading or any("alerts" in room.for_ and not room.exercises for room in who.rooms):
            continue
        what = f"{quoted(name)} has no room for alerts"
        if any(room.exercises for room in who.rooms):
            what += ", but for exercises"
        fix = 'name one under its `rooms`, as `{matrix: "#room:server"}` or `{telegram: -100…}`'
        yield x.problem_of_key("partner-without-room", ("partners", name), what, fix)


def chat_of_two(x: Examined) -> Iterator[Problem]:
    """A chat that two partners have rooms in: whoever reads one topic of a chat can read them all."""
    first: dict[RoomRef, str] = {}
    for name, who in x.book.playbook.partners.items():
        for index, room in enumerate(who.rooms):
            other = first.setdefault(room.ref.chat, name)
            if other != name:
                topics = " in other topics" if room.topic is not None else ""
                what = f"{quoted(name)} and {quoted(other)} share this chat: what one is shown{topics}, the other reads"
                at = ("partners", name, "rooms", index, room.network)
                yield x.problem("chat-of-two-partners", at, what, "give each a chat of its own")


def private_chat(x: Examined) -> Iterator[Problem]:
    """A Telegram id that is one person's, where a group's is meant: groups have negative ids."""
    for name, who in x.book.playbook.partners.items():
        for index, room in enumerate(who.rooms):
            if room.telegram is not None and room.telegram > 0:
                what = f"{room.telegram} is the id of a person on Telegram, and not of a chat of {quoted(name)}"
                fix = "write the group's id, which begins with `-` (of a large group with `-100`)"
                yield x.problem("private-chat-as-room", ("partners", name, "rooms", index, "telegram"), what, fix)


def untrusted_network(x: Examined) -> Iterator[Problem]:
    """A network that rooms are on and `networks` does not know: nothing whatever may be shown there."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, who in x.book.playbook.partners.items():
        for index, room in enumerate(who.rooms):
            if room.network not in x.book.playbook.networks:
                found.setdefault(room.network, []).append((name, index))
    for network, rooms in found.items():
        name, index = rooms[0]
        whose = named(partner for partner, _ in rooms)
        what = f"{quoted(network)} is not among the `networks`: nothing is shown in the rooms that {whose} have there"
        if len({partner for partner, _ in rooms}) == 1:
            what = f"{quoted(network)} is not among the `networks`: nothing is shown in the rooms of {whose} there"
        fix = f"say under `networks` how far it is trusted, as `{network}: {{ceiling: green}}`"
        yield x.problem_of_key("network-not-declared", ("partners", name, "rooms", index, network), what, fix)


def unplain_witness(x: Examined) -> Iterator[Problem]:
    """A key that YAML finds, and the verifier in each copy of a log does not: by that, no playbook would name it."""
    for name, who in x.book.playbook.partners.items():
        if (
            who.witness is not None
            and name not in x.book.guests
            and not names_plainly(x.book.source, name, who.witness)
        ):
            what = f"the key of {quoted(name)} is written so that not every verifier of a log can read whose it is"
            yield x.problem("witness-not-plain", ("partners", name, "witness"), what, how_to_name(name, who.witness))


def names_plainly(source: bytes, partner: str, key: str) -> bool:
    """Whether a playbook names this key as a partner's for whoever verifies a log."""
    found = keys_named(source)
    return found is not None and found.get(partner) == key


def how_to_name(partner: str, key: str) -> str:
    """What would be right."""
    return f'write `{partner}:` on a line of its own, and below it, on another, `witness: "{key}"`'


def same_name(x: Examined) -> Iterator[Problem]:
    """Two partners that people cannot tell apart by their names."""
    first: dict[str, str] = {}
    for name, who in x.book.playbook.partners.items():
        other = first.setdefault(" ".join(who.name.casefold().split()), name)
        if other != name:
            what = f"{quoted(name)} is called like {quoted(other)}"
            yield x.problem(
                "same-name", ("partners", name, "name"), what, "give each a name of its own, or make them one"
            )


def same_phone(x: Examined) -> Iterator[Problem]:
    """Two partners with one telephone number: whoever rings for one is told of the other."""
    first: dict[str, str] = {}
    for name, who in x.book.playbook.partners.items():
        if who.phone_24h is None:
            continue
        other = first.setdefault(re.sub(r"[^0-9+]", "", who.phone_24h), name)
        if other != name:
            what = f"{quoted(name)} has the telephone number of {quoted(other)}"
            fix = "give its own; if they really share one, say in `name` who answers"
            yield x.problem("same-phone", ("partners", name, "phone_24h"), what, fix)


def same_area(x: Examined) -> Iterator[Problem]:
    """Two areas with one name or one ground: a place said in words would be in both."""
    first: dict[tuple[str, object], str] = {}
    for name, area in x.book.playbook.areas.items():
        said = {" ".join(words.casefold().split()) for words in area.name.values()}
        twin = next(
            (other for words in sorted(said) if (other := first.setdefault(("name", words), name)) != name), None
        )
        if twin is not None:
            what = f"{quoted(name)} is called like {quoted(twin)}: a place said in words is taken to be in both"
            yield x.problem("same-area", ("areas", name, "name"), what, "give each a name of its own, or make them one")
            continue
        shape = "circle" if area.circle is not None else "polygon"
        twin = first.setdefault((shape, area.circle or area.polygon), name)
        if twin != name:
            what = f"{quoted(name)} is the same ground as {quoted(twin)}"
            yield x.problem("same-area", ("areas", name, shape), what, "correct one of them, or make them one")
