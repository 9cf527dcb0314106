"""Answers: who confirms before an alert leaves, who acknowledges it, and what silence leads to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Tag
from pydantic_core import CoreSchema

from playbooks.schema_labels import Meaning
from playbooks.schema_lists import Distinct, Listed, Some
from playbooks.schema_times import Duration
from playbooks.schema_words import Finding, Part, by_shape, refusal

CHOICES = {
    "acting": "We act on it: no more reminders",
    "seen": "We have read it: no more reminders, but it stays on the lead's watch until somebody is acting",
    "cannot": "We cannot: the lead is told at once",
}
Choice = Annotated[Literal["acting", "seen", "cannot"], Meaning(CHOICES)]
STEPS = {
    "remind": "Say it again in the same rooms",
    "other_network": "Say it in the partner's rooms on the other network",
    "liaisons": "Write to the partner's liaisons directly",
    "call": "A named person is given the number to ring, with buttons for what came of it",
    "deputies": "Tell the deputies of the lead",
    "lead": "Tell the lead",
    "coordinators": "Tell the coordinators",
}
Do = Annotated[
    Literal["remind", "other_network", "liaisons", "call", "deputies", "lead", "coordinators"], Meaning(STEPS)
]


class TwoPerson(Part):
    """A second person confirms; after this time the first may go alone."""

    model_config = ConfigDict(title="Two persons")

    alone_after: Duration | None = None
    """How long to wait for the second person before the first may send it alone. Without it: nobody goes alone.

    Example: `2m`
    """


class TwoPersonConfirm(Part):
    """Two persons confirm, with a way out when there is only one."""

    model_config = ConfigDict(title="Confirmed by two persons")

    two_person: TwoPerson = Field(alias="two-person")
    """Two different enrolled persons must agree before it leaves.

    Example: `{alone_after: 2m}`
    """


CONFIRM = {
    "yes": "A preview, and one tap",
    "no": "It leaves at once",
    "two-person": "A second enrolled person must agree; nobody goes alone",
}


@dataclass(frozen=True, slots=True)
class Confirm:
    """How an alert is confirmed; `alone_after` is None where nobody may go alone."""

    kind: Literal["yes", "no", "two-person"] = "yes"
    alone_after: timedelta | None = None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(_ConfirmSpelling)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        mapping = next(spelling for spelling in handler(core)["oneOf"] if "$ref" in spelling)
        return {"anyOf": [Meaning(CONFIRM).into({"type": "string", "enum": [*CONFIRM]}), mapping]}


def _confirm(value: object) -> Confirm:
    if isinstance(value, TwoPersonConfirm):
        return Confirm("two-person", value.two_person.alone_after)
    if value in ("no", "two-person"):
        return Confirm("no" if value == "no" else "two-person")
    return Confirm()


_ConfirmSpelling = Annotated[
    Annotated[TwoPersonConfirm, Tag("<mapping>")] | Annotated[Literal["yes", "no", "two-person"], Tag("<word>")],
    Discriminator(by_shape),
    AfterValidator(_confirm),
]


class Step(Part):
    """One step of escalation: what is done for a partner that stays silent, and when. One that would reach nobody is skipped."""

    after: Duration
    """How long after the first message to that partner was accepted by its network. Steps stand in order of time.

    Example: `3m`
    """
    do: Do
    """What is done then. Every step shows only what its reader may see.

    Example: `remind`
    """


def _in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for i in range(1, len(steps)):
        if steps[i].after < steps[i - 1].after:
            fix = "put the steps in order of time"
            raise refusal(Finding("wrong-order", "this step comes before the one above it", fix, (i, "after")))
    return steps


Steps = Annotated[Listed[Step], AfterValidator(_in_order)]


class Ack(Part):
    """Who acknowledges, with which words, and what silence leads to."""

    model_config = ConfigDict(title="Acknowledgement")

    from_: Annotated[
        Literal["partner", "person"],
        Meaning({"partner": "One answer for each partner is enough", "person": "Every person answers"}),
    ] = Field(default="partner", alias="from")
    """Whose answer is wanted. Without it: one for each partner.

    Example: `person`
    """
    choices: Annotated[Some[Choice], Distinct()] = ("seen",)
    """The answers that are offered, as buttons; the first is what a bare `/ack` means. Without it: `seen` alone.

    Example: `[acting, seen, cannot]`
    """
    within: Duration | None = None
    """How long a network may take to accept the message, before the partner counts as unreachable and is tried on its other
    network. Without it: no partner counts so.

    Example: `5m`
    """
    then: Steps = ()
    """What is done, and when, for a partner that stays silent. It ends with the answer, and when the alert is
    cancelled or expires. Without it: silence leads to nothing.

    Example: `[{after: 3m, do: remind}, {after: 7m, do: call}, {after: 10m, do: lead}]`
    """
