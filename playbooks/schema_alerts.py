"""Alerts: templates that say who may issue them, which fields they have, what they say, to whom, and who confirms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationInfo

from playbooks.problems import suggestion
from playbooks.schema_ack import Ack, Confirm
from playbooks.schema_labels import Meaning
from playbooks.schema_lists import Distinct, Many, Some
from playbooks.schema_selectors import Selector
from playbooks.schema_times import Duration
from playbooks.schema_words import (
    FieldRef,
    Finding,
    LanguageOrAny,
    Localized,
    Part,
    Text,
    by_language,
    quoted,
    refusal,
    unknown,
)

CATEGORIES = {
    "Geo": "Geophysical: earthquake, landslide",
    "Met": "Weather and water: storm, flood",
    "Safety": "General emergency and public safety",
    "Security": "Police, military, homeland security",
    "Rescue": "Rescue and recovery",
    "Fire": "Fire suppression and rescue",
    "Health": "Medical and public health",
    "Env": "Pollution and other environmental harm",
    "Transport": "Public and private transport",
    "Infra": "Utilities, telecommunications, other infrastructure",
    "CBRNE": "Chemical, biological, radiological, nuclear, explosive",
    "Other": "Anything else",
}
Category = Annotated[
    Literal[
        "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other"
    ],
    Meaning(CATEGORIES),
]  # fmt: skip
URGENCY = {
    "Immediate": "Act at once",
    "Expected": "Act soon, within the next hour",
    "Future": "Act in the near future",
    "Past": "Nothing need be done any more",
    "Unknown": "Not known",
}
Urgency = Annotated[Literal["Immediate", "Expected", "Future", "Past", "Unknown"], Meaning(URGENCY)]
SEVERITY = {
    "Extreme": "Extraordinary threat to life or property",
    "Severe": "Significant threat",
    "Moderate": "Possible threat",
    "Minor": "Minimal threat, or none known",
    "Unknown": "Not known",
}
Severity = Annotated[Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"], Meaning(SEVERITY)]
CERTAINTY = {
    "Observed": "It has happened, or is happening",
    "Likely": "More likely than not",
    "Possible": "Possible, but not likely",
    "Unlikely": "Not expected to happen",
    "Unknown": "Not known",
}
Certainty = Annotated[Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"], Meaning(CERTAINTY)]
RESPONSES = {
    "Shelter": "Take shelter where you are",
    "Evacuate": "Leave",
    "Prepare": "Make preparations",
    "Execute": "Carry out a plan made before",
    "Avoid": "Stay away from there",
    "Monitor": "Watch for news",
    "Assess": "Judge what this means for you",
    "AllClear": "The danger is over",
    "None": "Nothing is asked",
}
ResponseType = Annotated[
    Literal["Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"],
    Meaning(RESPONSES),
]


class Cap(Part):
    """The alert in the words of the Common Alerting Protocol 1.2 (OASIS, section 3.2.2)."""

    model_config = ConfigDict(title="In the words of the Common Alerting Protocol")

    category: Annotated[Some[Category], Distinct()]
    """Of what sort the event is.

    Example: `[Safety, Met]`
    """
    event: Localized
    """What happens, in a word or two.

    Example: `Flood`
    Example: `{en: Flood, fr: Inondation}`
    """
    urgency: Urgency
    """How soon people must act. What is Immediate, and Extreme or Severe, rings; all else arrives in silence.

    Example: `Immediate`
    """
    severity: Severity
    """How grave it is. What is Immediate, and Extreme or Severe, rings; all else arrives in silence.

    Example: `Extreme`
    """
    certainty: Certainty
    """How sure it is.

    Example: `Observed`
    """
    response: Annotated[Many[ResponseType], Distinct()] = ()
    """What people are to do. Without it: the alert's text alone says so.

    Example: `Evacuate`
    """

    @property
    def rings(self) -> bool:
        """Whether it is immediate and grave enough to make a sound."""
        return self.urgency == "Immediate" and self.severity in ("Extreme", "Severe")


class InDanger(Part):
    """Who else may issue an alert while imminent danger is declared, by which law, and who is told."""

    model_config = ConfigDict(title="In declared danger")

    by: Selector
    """Who else may issue it then, on their own ground. Only where the law has such a power.

    Example: `{competence: rescue}`
    """
    basis: Text
    """The law that gives this power; it is shown and recorded with the alert.

    Example: `Loi du 15 mai 2007`
    """
    tell: Selector | None = None
    """Who is told that it was used. Without it: nobody in particular.

    Example: `{competence: order-evacuation}`
    """


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


_CLAUSE = {"type": "string", "pattern": r"^(?=[\s\S]*\S)[^{}]*(\{[^{}]*\}[^{}]*)*$"}
ClausesByLanguage = Annotated[
    Mapping[LanguageOrAny, Clauses],
    BeforeValidator(_clauses_in_every_language),
    AfterValidator(_some_language),
    by_language(
        {"anyOf": [_CLAUSE, {"type": "array", "items": _CLAUSE, "minItems": 1}]},
        'A list of clauses for every language; or one for each: `{en: ["{what}."], fr: ["{what}."]}`.',
    ),
]
"""Clauses by language tag; a list without languages is kept under the empty tag. Read with `text_in`."""

NEEDS = {
    "required": "Not sent without it; a partner that may not see it in any form has its copy held, and the lead is told",
    "optional": "May be left out; a partner that may not see it gets the alert without it, and no gap shows",
}


class Alert(Part):
    """A template: who may issue it, which fields it has, what it says, to whom, and how it is confirmed."""

    title: Localized
    """What it is called: at the head of every message, and on the button that starts it.

    Example: `{en: Evacuate, fr: Évacuez}`
    """
    cap: Cap
    """The same in the words of the Common Alerting Protocol, which other systems read, and which decides what rings.

    Example: `{category: Met, event: Flood, urgency: Immediate, severity: Extreme, certainty: Observed}`
    """
    by: Selector | None = None
    """Whose alert it is: they alone may issue it, on their own ground, and no role goes past that. Without it: the lead's.

    Example: `{competence: order-evacuation}`
    """
    in_danger: InDanger | None = None
    """Who else may issue it while imminent danger is declared. Without it: nobody else.

    Example: `{by: {competence: rescue}, basis: "Loi du 15 mai 2007"}`
    """
    fields: Annotated[
        Mapping[FieldRef, Annotated[Literal["required", "optional"], Meaning(NEEDS)]], Field(min_length=1)
    ]
    """The fields that whoever issues it fills in, in the order in which the bot asks for them.

    Example: `{action: required, what: optional, where: optional}`
    """
    main: FieldRef | None = None
    """The field that takes the free words after the command. Without it every value is given by name.

    Example: `what`
    """
    text: ClausesByLanguage
    """What it says, clause by clause, with fields in braces. A clause that needs a field its reader may not see is left out
    whole, so that no gap shows.

    Example: `["{action}.", "Area: {where}.", "{what}"]`
    """
    to: Selector
    """Whom it is for. Whoever is chosen by where it is (`area: affected`) must be allowed to see the area.

    Example: `everyone`
    Example: `{area: affected, near: true}`
    """
    confirm: Confirm = Confirm()
    """Who confirms before it leaves. Without it: `yes`.

    Example: `two-person`
    Example: `{two-person: {alone_after: 2m}}`
    """
    expires: Duration | None = None
    """How long it is shown to anybody after it was issued. Without it: as long as the incident lasts.

    Example: `12h`
    """
    ack: Ack = Ack()
    """Who acknowledges it, and what silence leads to. Without it: one `seen` from each partner, and no reminders.

    Example: `{choices: [acting, seen, cannot], within: 5m, then: [{after: 3m, do: remind}]}`
    """


def _alert(value: Alert) -> Alert:
    if value.main is not None and value.main not in value.fields:
        fix = suggestion(value.main, value.fields, "add it to `fields`")
        raise refusal(Finding("undefined-name", f"{quoted(value.main)} is not a field of this alert", fix, ("main",)))
    return value


AlertEntry = Annotated[Alert, AfterValidator(_alert)]
