"""What happens: alerts and their acknowledgement, check-ins, channels, duties, the shared picture, the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, GetCoreSchemaHandler, Tag, ValidationInfo
from pydantic_core import CoreSchema

from playbooks.problems import suggestion
from playbooks.rooms import Network
from playbooks.schema_selectors import EVERYONE, Selector
from playbooks.schema_times import CronTime, Day, Duration, WallTime
from playbooks.schema_words import (
    AgreementRef,
    AlertRef,
    AreaRef,
    Count,
    FieldRef,
    Finding,
    HazardRef,
    Labelled,
    LanguageOrAny,
    Listed,
    Localized,
    Many,
    Moment,
    Name,
    OneToFive,
    Part,
    PartnerRef,
    PhaseRef,
    Some,
    Text,
    by_shape,
    distinct,
    quoted,
    refusal,
    unknown,
)

# ── Alerts ────────────────────────────────────────────────────────────────────────────────────────────────────────

Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
ResponseType = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]  # fmt: skip
Choice = Literal["acting", "seen", "cannot"]
Do = Literal["remind", "other_network", "liaisons", "call", "deputies", "lead", "coordinators"]


class Cap(Part):
    """The alert in the words of the Common Alerting Protocol 1.2 (OASIS, section 3.2.2)."""

    category: Annotated[Some[Category], AfterValidator(distinct)]
    event: Text
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    response: Annotated[Many[ResponseType], AfterValidator(distinct)] = ()

    @property
    def rings(self) -> bool:
        """Whether it is immediate and grave enough to make a sound."""
        return self.urgency == "Immediate" and self.severity in ("Extreme", "Severe")


class InDanger(Part):
    """Who else may issue it while imminent danger is declared, by which law, and who is told."""

    by: Selector
    basis: Text
    tell: Selector | None = None


_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def clause_fields(clause: str) -> tuple[str, ...]:
    """The names of the fields that a clause needs, in the order of the text."""
    return tuple(_PLACEHOLDER.findall(clause))


def _clause(value: str, info: ValidationInfo) -> str:
    if set("{}") & set(_PLACEHOLDER.sub("", value)):
        raise refusal(Finding("bad-placeholder", f"a brace in {quoted(value)} has no partner", "write `{field}`"))
    known = (info.context or {}).get("field")
    for name in clause_fields(value):
        if known is not None and name not in known:
            raise unknown("field", name, known)
    return value


Clauses = Some[Annotated[Text, AfterValidator(_clause)]]


def _clauses_in_every_language(value: object) -> object:
    return {"": value} if isinstance(value, str | list | tuple) else value


def _some_language(value: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    if not value:
        raise refusal(
            Finding("empty-text", "there is no text here", 'write its clauses in at least one language, `{en: ["…"]}`')
        )
    return value


ClausesByLanguage = Annotated[
    Mapping[LanguageOrAny, Clauses],
    BeforeValidator(_clauses_in_every_language, json_schema_input_type=str | list[str] | dict[str, str | list[str]]),
    AfterValidator(_some_language),
]
"""Clauses by language tag; a list without languages is kept under the empty tag. Read with `text_in`."""


class TwoPerson(Part):
    """A second person confirms; after this time the first may go alone."""

    alone_after: Duration | None = None


class TwoPersonConfirm(Part):
    """`{two-person: {alone_after: 2m}}`."""

    two_person: TwoPerson = Field(alias="two-person")


@dataclass(frozen=True, slots=True)
class Confirm:
    """How an alert is confirmed; `alone_after` is None where nobody may go alone."""

    kind: Literal["yes", "no", "two-person"] = "yes"
    alone_after: timedelta | None = None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(_ConfirmSpelling)


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
    """One step of escalation, counted from the first accepted send to that partner."""

    after: Duration
    do: Do


def _in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    for i in range(1, len(steps)):
        if steps[i].after < steps[i - 1].after:
            fix = "put the steps in order of time"
            raise refusal(Finding("wrong-order", "this step comes before the one above it", fix, (i, "after")))
    return steps


Steps = Annotated[Listed[Step], AfterValidator(_in_order)]


class Ack(Part):
    """Who acknowledges, with which words, and what silence leads to."""

    from_: Literal["partner", "person"] = Field(default="partner", alias="from")
    choices: Annotated[Some[Choice], AfterValidator(distinct)] = ("seen",)
    within: Duration | None = None
    then: Steps = ()


class Alert(Part):
    """A template: who may issue it, which fields it has, what it says, to whom, and how it is confirmed."""

    title: Localized
    cap: Cap
    by: Selector | None = None
    in_danger: InDanger | None = None
    fields: Annotated[Mapping[FieldRef, Literal["required", "optional"]], Field(min_length=1)]
    main: FieldRef | None = None
    text: ClausesByLanguage
    to: Selector
    confirm: Confirm = Confirm()
    expires: Duration | None = None
    ack: Ack = Ack()


def _alert(value: Alert) -> Alert:
    if value.main is not None and value.main not in value.fields:
        fix = suggestion(value.main, value.fields, "add it to `fields`")
        raise refusal(Finding("undefined-name", f"{quoted(value.main)} is not a field of this alert", fix, ("main",)))
    return value


AlertEntry = Annotated[Alert, AfterValidator(_alert)]


# ── Check-ins, channels, duties ───────────────────────────────────────────────────────────────────────────────────


class Checkin(Part):
    """A question asked in rounds; with neither `every` nor `cron` it is only started by hand."""

    every: Duration | None = None
    cron: CronTime | None = None
    in_: Some[PhaseRef] | None = Field(default=None, alias="in")
    to: Selector
    ask: Localized
    answers: Annotated[Some[Name], AfterValidator(distinct)] = ("ok", "degraded", "help")
    within: Duration | None = None
    then: Steps = ()
    label: Labelled = Labelled()


def _checkin(value: Checkin) -> Checkin:
    if value.every is not None and value.cron is not None:
        raise refusal(Finding("conflicting-keys", "it has `every` and `cron`", "keep one of them", ("cron",), True))
    return value


CheckinEntry = Annotated[Checkin, AfterValidator(_checkin)]


class Channel(Part):
    """A conversation bridged over several rooms: the channel is the field, membership the permit."""

    title: Localized
    members: Selector
    label: Labelled = Labelled()
    purpose: Name | None = None
    under: Annotated[Many[AgreementRef], AfterValidator(distinct)] = ()
    speaker: Literal["person", "role", "partner"] = "partner"


class Duty(Part):
    """What the law asks of someone, when, with its source."""

    for_: Selector = Field(alias="for")
    at: Moment
    text: Localized
    source: Text
    confirm: bool = False


# ── The shared picture ────────────────────────────────────────────────────────────────────────────────────────────


class Risk(Labelled):
    """Something that may happen: how likely and how grave, from 1 to 5; who looks at it how often, and last did when."""

    hazard: HazardRef
    area: AreaRef | None = None
    likelihood: OneToFive
    impact: OneToFive
    owner: PartnerRef
    review: Duration | None = None
    reviewed: Day | None = None


class Means(Labelled):
    """What can be sent: what it is, how many, whose, and where it stands; how often that is looked at, and when it last was."""

    kind: Text
    count: Count
    owner: PartnerRef
    at: AreaRef | None = None
    review: Duration | None = None
    reviewed: Day | None = None


class LogRules(Part):
    """How often the log's checkpoint is signed and posted, to whom, and how long the log is kept."""

    sign: Duration = timedelta(seconds=60)
    post: Duration = timedelta(hours=1)
    in_: Selector = Field(default=EVERYONE, alias="in")
    keep: Duration = timedelta(days=3660)


# ── The playbook's own tests ──────────────────────────────────────────────────────────────────────────────────────


class Given(Part):
    """The circumstances of a test. `at` is a moment in the playbook's time zone."""

    from_: PartnerRef = Field(alias="from")
    phase: PhaseRef | None = None
    area: AreaRef | None = None
    network: Network | None = None
    encrypted: bool | None = None
    at: WallTime | None = None
    danger: bool = False
    hazard: HazardRef | None = None


SeenAs = Literal["exact", "area", "range", "initials", "count", "day", "withheld"]
"""A form, or `withheld`: that goes without saying of an alert's fields, and is how a built-in field is asked about."""


class Expectation(Part):
    """One of the playbook's own tests. In `sees`, what is not listed must be withheld; None means it is not asked."""

    name: Text
    alert: AlertRef
    given: Given
    sees: Mapping[PartnerRef, Mapping[FieldRef, SeenAs]] = Field(default_factory=dict)
    receives: Annotated[Listed[PartnerRef], AfterValidator(distinct)] | None = None
    may_issue: Annotated[Listed[PartnerRef], AfterValidator(distinct)] | None = None
