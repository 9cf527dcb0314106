"""What goes on around the alerts: check-ins, channels, duties, the shared picture, the log."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from playbooks.schema_ack import Steps
from playbooks.schema_labels import Labelled, Meaning
from playbooks.schema_lists import Distinct, Many, Some
from playbooks.schema_selectors import EVERYONE, Selector
from playbooks.schema_times import CronTime, Day, Duration
from playbooks.schema_words import (
    AgreementRef,
    AreaRef,
    Count,
    Finding,
    HazardRef,
    Localized,
    Moment,
    Name,
    OneToFive,
    Part,
    PartnerRef,
    PhaseRef,
    Text,
    refusal,
)


class Checkin(Part):
    """A question asked in rounds; with neither `every` nor `cron` it is only started by hand."""

    model_config = ConfigDict(title="Check-in", json_schema_extra={"not": {"required": ["every", "cron"]}})

    every: Duration | None = None
    """How often a round begins, counted from the start of its phases: the first comes when this time has passed. Either
    this or `cron`.

    Example: `1h`
    """
    cron: CronTime | None = None
    """At which clock times a round begins, in the playbook's time zone. Either this or `every`.

    Example: `0 8 * * 1`
    """
    in_: Some[PhaseRef] | None = Field(default=None, alias="in")
    """In which phases rounds are started. Without it: in all.

    Example: `[response]`
    """
    to: Selector
    """Who is asked.

    Example: `everyone`
    """
    ask: Localized
    """The question, as each partner reads it.

    Example: `{en: "Status of your services?", fr: "État de vos services ?"}`
    """
    answers: Annotated[Some[Name], Distinct()] = ("ok", "degraded", "help")
    """The answers that are offered, as buttons. Without it: `ok`, `degraded`, `help`.

    Example: `[ok, degraded, help]`
    """
    within: Duration | None = None
    """How long there is to answer, before silence counts. Without it only the steps below set a time.

    Example: `15m`
    """
    then: Steps = ()
    """What is done, and when, for a partner that stays silent. Without it: silence leads to nothing.

    Example: `[{after: 15m, do: remind}, {after: 20m, do: lead}]`
    """
    label: Labelled = Labelled()
    """How closely the answers are held. Without it they are `red`, for which hardly anybody is cleared.

    Example: `{tlp: green}`
    """


def _checkin(value: Checkin) -> Checkin:
    if value.every is not None and value.cron is not None:
        raise refusal(Finding("conflicting-keys", "it has `every` and `cron`", "keep one of them", ("cron",), True))
    return value


CheckinEntry = Annotated[Checkin, AfterValidator(_checkin)]


class Channel(Part):
    """A conversation bridged over several rooms: the channel is the field, membership the permit."""

    title: Localized
    """What it is called.

    Example: `{en: Operations}`
    """
    members: Selector
    """Whose rooms it joins: those that say `for: [NAME]`.

    Example: `{kind: [fire, municipality]}`
    """
    label: Labelled = Labelled()
    """How closely everything said there is held, unless the speaker marks it higher (`[red] …`). Without it: `red`.

    Example: `{tlp: amber}`
    """
    purpose: Name | None = None
    """What members may use it for; an agreement carries the channel across a border only if it lists this purpose. Without
    it: it stays inside one country, unless it is clear.

    Example: `flood-control`
    """
    under: Annotated[Many[AgreementRef], Distinct()] = ()
    """The agreements that carry it across a border. Without any: it stays inside one country, unless it is clear.

    Example: `emric`
    """
    speaker: Annotated[
        Literal["person", "role", "partner"],
        Meaning({"person": "By name", "role": "By their role", "partner": "Only as their partner"}),
    ] = "partner"
    """How whoever speaks is shown in the other rooms. Without it: `partner`.

    Example: `person`
    """


class Duty(Part):
    """What the law asks of someone, when, with its source."""

    for_: Selector = Field(alias="for")
    """Whose duty it is.

    Example: `{kind: municipality, jurisdiction: be}`
    """
    at: Moment
    """When they are reminded: at the beginning of a phase, at `activation`, or in `calm` times between crises.

    Example: `response`
    """
    text: Localized
    """What is asked of them, in plain words.

    Example: `{en: "You answer for the evacuation order."}`
    """
    source: Text
    """The law that asks it.

    Example: `Arrêté royal du 22 mai 2019`
    """
    confirm: bool = False
    """Whether they are asked to confirm that they know. Without it: no.

    Example: `true`
    """


# ── The shared picture ────────────────────────────────────────────────────────────────────────────────────────────


class Risk(Labelled):
    """Something that may happen: how likely and how grave; who looks at it how often, and last did when."""

    hazard: HazardRef
    """Which hazard it is.

    Example: `flood`
    """
    area: AreaRef | None = None
    """Where. Without it: anywhere.

    Example: `chenee`
    """
    likelihood: OneToFive
    """How likely it is, from 1 (hardly ever) to 5 (expected).

    Example: `4`
    """
    impact: OneToFive
    """How grave it would be, from 1 (slight) to 5 (a catastrophe).

    Example: `5`
    """
    owner: PartnerRef
    """Who answers for this entry.

    Example: `liege-fire`
    """
    review: Duration | None = None
    """How often its owner looks at it again. Without it: never.

    Example: `90d`
    """
    reviewed: Day | None = None
    """When its owner last did. Without it: not yet.

    Example: `2026-03-01`
    """


class Means(Labelled):
    """What can be sent: what it is, how many, whose, and where it stands; how often that is looked at, and last was when."""

    model_config = ConfigDict(title="Means")

    kind: Text
    """What it is.

    Example: `rescue boat`
    """
    count: Count
    """How many there are.

    Example: `6`
    """
    owner: PartnerRef
    """Whose they are.

    Example: `liege-fire`
    """
    at: AreaRef | None = None
    """Where they stand. Without it: not said.

    Example: `chenee`
    """
    review: Duration | None = None
    """How often its owner looks at it again. Without it: never.

    Example: `30d`
    """
    reviewed: Day | None = None
    """When its owner last did. Without it: not yet.

    Example: `2026-03-01`
    """


class LogRules(Part):
    """How often the log's checkpoint is signed and posted, to whom, and how long the log is kept."""

    model_config = ConfigDict(title="Log")

    sign: Duration = timedelta(seconds=60)
    """How often the log's state is signed. Without it: every 60 seconds.

    Example: `60s`
    """
    post: Duration = timedelta(hours=1)
    """How often the signed state is posted, in silence, so that partners are witnesses. Without it: every hour.

    Example: `1h`
    """
    in_: Selector = Field(default=EVERYONE, alias="in")
    """In whose rooms it is posted. Without it: everyone's.

    Example: `everyone`
    """
    keep: Duration = timedelta(days=3660)
    """How long the log is kept. Without it: ten years.

    Example: `10y`
    """
