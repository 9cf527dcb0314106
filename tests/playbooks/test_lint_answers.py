"""Lints of what is waited for: escalations, check-ins, channels."""

from __future__ import annotations

from tests.playbooks.linted import codes, problems

THEN = "    then: [{after: 15m, do: remind}, {after: 20m, do: lead}]\n"
END = "    label: {tlp: green}\n"
CITY, RESCUE = '      - {matrix: "#city:example.org"}\n', '      - {matrix: "#rescue:example.org"}\n'
CHANNEL = (
    "channels:\n  ops: {title: Operations, members: everyone, label: {tlp: LEVEL}, purpose: life-safety, under: pact}\n"
)


def for_ops(room: str) -> tuple[str, str]:
    """The room, for the channel as well."""
    return room, room.replace("}", ", for: [alerts, checkins, ops]}")


def test_an_escalation_may_end_with_anybody_else() -> None:
    """The lead, deputies, a coordinator or somebody who rings; a reminder or a second network is the same people again."""
    for step in ("lead", "deputies", "coordinators", "call"):
        assert codes((THEN, f"    then: [{{after: 15m, do: {step}}}, {{after: 20m, do: remind}}]\n")) == []
    assert codes((THEN, "    then: [{after: 15m, do: liaisons}]\n")) == ["escalation-ends-in-nobody"]
    assert codes((THEN, "")) == []


def test_a_second_network_counts_where_one_partner_has_it_for_this() -> None:
    """Rooms for something else, and for exercises, are no second network."""
    other = "    then: [{after: 15m, do: other_network}, {after: 20m, do: lead}]\n"
    assert codes((THEN, other)) == []
    second = "      - {telegram: -1001000000002, topic: 4}\n"
    for use in ("for: [alerts]", "exercises: true"):
        assert codes((THEN, other), (second, second.replace("topic: 4", use))) == ["step-reaches-nobody"]


def test_answers_are_for_those_who_lead_then() -> None:
    """A label that only an encrypted room may carry is fine for a lead that has one, and red is not for a lead that is not cleared."""
    assert codes((END, "    label: {tlp: amber}\n")) == []
    (problem,) = problems((END, "    label: {tlp: green, compartments: [medical]}\n"))
    assert (problem.code, problem.line) == ("checkin-nobody-sees", 71)


def test_a_channel_needs_two_who_hear_each_other() -> None:
    """With rooms and an agreement nothing is found; above their clearance nobody hears anything."""
    rooms = (for_ops(CITY), for_ops(RESCUE))
    assert codes(*rooms, (END, END + CHANNEL.replace("LEVEL", "amber"))) == []
    assert codes(*rooms, (END, END + CHANNEL.replace("LEVEL", "red"))) == ["channel-nobody-hears"]
    assert codes(for_ops(CITY), (END, END + CHANNEL.replace("LEVEL", "red"))) == ["member-without-room"]


def test_a_room_of_two_channels_that_are_held_differently_is_told_of() -> None:
    """Nothing is found where both have one label, or where each has a room of its own."""
    both = [(room, room.replace("}", ", for: [alerts, checkins, ops, press]}")) for room in (CITY, RESCUE)]
    apart = [(CITY, for_ops(CITY)[1] + '      - {matrix: "#press:example.org", for: [press]}\n'), both[1]]
    for level, rooms, found in (("amber", both, 0), ("green", both, 2), ("green", apart, 1)):
        press = CHANNEL.partition("\n")[2].replace("ops", "press").replace("LEVEL", level)
        channels = (END, END + CHANNEL.replace("LEVEL", "amber") + press)
        assert codes(*rooms, channels) == ["room-of-unequal-channels"] * found
