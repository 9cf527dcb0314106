"""A playbook's own tests: what its authors agreed that each partner sees, gets and may do, written down to be tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from playbooks.schema_fields import FORM_WORDS
from playbooks.schema_labels import Meaning
from playbooks.schema_lists import Distinct, Listed
from playbooks.schema_selectors import OneNetwork
from playbooks.schema_times import WallTime
from playbooks.schema_words import AlertRef, AreaRef, FieldRef, HazardRef, Part, PartnerRef, PhaseRef, Text


class Given(Part):
    """The circumstances of a test. What is left out is filled in."""

    model_config = ConfigDict(title="Circumstances of a test")

    from_: PartnerRef = Field(alias="from")
    """Who issues the alert.

    Example: `liege-city`
    """
    phase: PhaseRef | None = None
    """In which phase. Without it: the first.

    Example: `response`
    """
    area: AreaRef | None = None
    """Where. Without it: the first area on the ground of whoever issues it.

    Example: `chenee`
    """
    network: OneNetwork | None = None
    """Only over this network. Without it: over all; each field then counts in the finest form that the partner sees anywhere.

    Example: `telegram`
    """
    encrypted: bool | None = None
    """Whether Matrix rooms are encrypted. Without it: they are not.

    Example: `true`
    """
    at: WallTime | None = None
    """When, in the playbook's time zone. Without it: now, whenever the test is run.

    Example: `2028-01-01`
    Example: `2026-06-01T14:30`
    """
    danger: bool = False
    """Whether imminent danger is declared. Without it: it is not.

    Example: `true`
    """
    hazard: HazardRef | None = None
    """With which hazard. Without it: the first.

    Example: `flood`
    """


SeenAs = Annotated[
    Literal["exact", "area", "range", "initials", "count", "day", "withheld"],
    Meaning({**FORM_WORDS, "withheld": "Not at all; of an alert's fields the same as leaving it out"}),
]
"""A form, or `withheld`: that goes without saying of an alert's fields, and is how a built-in field is asked about."""


class Expectation(Part):
    """One of the playbook's own tests: who sees, gets or may issue an alert, exactly, in these circumstances."""

    model_config = ConfigDict(title="Test")

    name: Text
    """What was agreed, in a sentence; it is read when the test fails.

    Example: `An NGO learns roughly where, never how many`
    """
    alert: AlertRef
    """Which alert is issued, with all its fields filled in.

    Example: `evacuation`
    """
    given: Given
    """In which circumstances.

    Example: `{from: liege-city, phase: response, area: chenee}`
    """
    sees: Mapping[PartnerRef, Mapping[FieldRef, SeenAs]] = Field(default_factory=dict)
    """For each partner named, exactly what it is shown, field by field; a field that is not listed must be withheld, and `{}`
    is nothing at all. Partners that are not named are not asked about. Without it: no one is.

    Example: `{red-cross: {what: exact, where: area}, gazette: {}}`
    """
    receives: Annotated[Listed[PartnerRef], Distinct()] | None = None
    """Exactly the partners that get the alert. Without it: that is not asked.

    Example: `[liege-fire, liege-city]`
    """
    may_issue: Annotated[Listed[PartnerRef], Distinct()] | None = None
    """Exactly the partners that may issue it there, then. Without it: that is not asked.

    Example: `[liege-city]`
    """
