"""What is shared: the rules that permit and forbid. A set, not a list: their order never matters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from playbooks.schema_fields import Form
from playbooks.schema_lists import Distinct, Many, Some
from playbooks.schema_selectors import Selector
from playbooks.schema_words import AgreementRef, FieldRef, Finding, HazardRef, Name, Part, PhaseRef, Text, refusal


class When(Part):
    """Under which circumstances a rule applies: all keys given must hold."""

    model_config = ConfigDict(title="Circumstances of a rule")

    phase: Some[PhaseRef] | None = None
    """Only in these phases. Without it: in any.

    Example: `response`
    """
    hazard: Some[HazardRef] | None = None
    """Only where the incident is of this hazard. Without it: of any, known or not.

    Example: `[flood, dam]`
    """
    danger: bool | None = None
    """`true`: only while imminent danger is declared; `false`: only while it is not. Without it: both.

    Example: `true`
    """


class Permit(Part):
    """These fields, in this form or a coarser one, may be shown to these partners for this purpose."""

    model_config = ConfigDict(title="Permit", json_schema_extra={"dependentRequired": {"under": ["purpose"]}})

    permit: Annotated[Some[FieldRef], Distinct()]
    """The fields that may be shown. What no permit names is shown to nobody.

    Example: `[what, where]`
    """
    as_: Form | None = Field(default=None, alias="as")
    """The finest form in which they may be shown; coarser ones are included. Without it: as said.

    Example: `area`
    """
    to: Selector
    """Who may be shown them.

    Example: `everyone`
    Example: `{kind: [fire, police], jurisdiction: be}`
    """
    purpose: Name | None = None
    """What they may use it for, in a free word. An agreement carries the permit across a border only if it lists this
    purpose. Without it: the permit holds only inside one country, or for what is clear.

    Example: `life-safety`
    """
    under: Annotated[Many[AgreementRef], Distinct()] = ()
    """The agreements that carry it across a border, or let personal data be shared at home. Without any:
    only what is clear crosses the border, and personal data are shown to nobody; while danger is declared, see `basis`.

    Example: `emric`
    """
    when: When | None = None
    """Only in these circumstances. Without it: always.

    Example: `{phase: response}`
    Example: `{danger: true}`
    """
    basis: Text | None = None
    """The law or reason it rests on; shown and recorded with what was shared. Together with `when: {danger: true}` it
    stands in for an agreement while danger is declared. Without it: only an agreement crosses a border.

    Example: `GDPR art. 49(1)(f), vital interests`
    """


class Forbid(Part):
    """These fields may not be shown to these partners, whatever any permit says."""

    model_config = ConfigDict(title="Forbid")

    forbid: Annotated[Some[FieldRef], Distinct()]
    """The fields that may not be shown, in any form. A forbid beats every permit.

    Example: `[victims]`
    """
    to: Selector
    """Who may not be shown them. Who may not see where it is counts as being there: hiding more never shows more.

    Example: `{network: telegram}`
    """
    when: When | None = None
    """Only in these circumstances. Without it: always.

    Example: `{phase: recovery}`
    """


def _permit(value: Permit) -> Permit:
    if value.under and value.purpose is None:
        raise refusal(
            Finding(
                "missing-key",
                "an agreement allows sharing for a purpose, and none is given",
                "add `purpose:`",
                ("under",),
                True,
            )
        )
    return value


def _permit_or_forbid(value: Any) -> str | None:
    keys = value if isinstance(value, Mapping) else value.__class__.model_fields if isinstance(value, BaseModel) else ()
    if "permit" in keys:
        return "<permit>"
    return "<forbid>" if "forbid" in keys else None


Rule = Permit | Forbid
RuleEntry = Annotated[
    Annotated[Annotated[Permit, AfterValidator(_permit)], Tag("<permit>")] | Annotated[Forbid, Tag("<forbid>")],
    Discriminator(_permit_or_forbid, custom_error_type="tocsin_rule", custom_error_message="neither permit nor forbid"),
]
