"""Who leads, in which phase, on which tier, in which jurisdiction, and on which basis."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from playbooks.schema_labels import Meaning
from playbooks.schema_lists import Distinct, Many, Some, listed
from playbooks.schema_times import Duration
from playbooks.schema_words import Finding, HazardRef, JurisdictionRef, Part, PartnerRef, PhaseRef, Text, refusal

TIERS = {
    "strategic": "Who answers politically and sets the aims",
    "tactical": "Who coordinates the services near the ground",
    "operational": "Who directs the work on the ground; `lead` in a selector means this one",
}
Tier = Annotated[Literal["strategic", "tactical", "operational"], Meaning(TIERS)]


class LeadRule(Part):
    """Who leads. For each tier and jurisdiction the first rule counts whose phases and hazards match: order matters."""

    model_config = ConfigDict(
        title="Rule about who leads",
        json_schema_extra={
            "oneOf": [
                {"required": ["lead"], "properties": {"unified": False, "decides": False}},
                {"required": ["unified", "decides"], "properties": {"lead": False}},
            ]
        },
    )

    in_: Some[PhaseRef] | None = Field(default=None, alias="in")
    """The phases in which it holds. Without it: in all.

    Example: `[watch, response]`
    """
    hazard: Some[HazardRef] | None = None
    """Only in incidents of these hazards. Without it: of any.

    Example: `flood`
    """
    tier: Tier | None = None
    """On which tier of command. Without it: on all.

    Example: `operational`
    """
    jurisdiction: JurisdictionRef | None = None
    """For what happens in this country or region. Without it: everywhere.

    Example: `be`
    """
    lead: PartnerRef | None = None
    """The partner that leads, and answers for decisions. Either this, or `unified` with `decides`.

    Example: `liege-fire`
    """
    unified: Annotated[tuple[PartnerRef, ...], Field(min_length=2), BeforeValidator(listed), Distinct()] = ()
    """Instead of `lead`: the partners of a unified command, at least two.

    Example: `[liege-fire, zuid-limburg]`
    """
    decides: PartnerRef | None = None
    """Who of a unified command has the last word. It needs one.

    Example: `liege-fire`
    """
    deputies: Annotated[Many[PartnerRef], Distinct()] = ()
    """Who stands in when the lead does not answer, in this order. Without any: nobody is offered the lead.

    Example: `[liege-city]`
    """
    basis: Text | None = None
    """The law or agreement by which they lead. Without it nobody can read why they do.

    Example: `Loi du 15 mai 2007`
    """
    accept_within: Duration | None = None
    """How long a new lead has to accept, when the phase changes, before the coordinators are told. Until it accepts, the old
    one is accountable. Without it: they are not told.

    Example: `10m`
    """

    @property
    def accountable(self) -> str:
        """The partner that answers for decisions: the lead, or the one who decides in a unified command."""
        partner = self.lead or self.decides
        assert partner is not None
        return partner


def _lead_rule(value: LeadRule) -> LeadRule:
    if value.lead is None and not value.unified:
        raise refusal(
            Finding("missing-key", "nobody leads here", "add `lead: PARTNER`, or `unified: [A, B]` with `decides: A`")
        )
    if value.lead is not None and (value.unified or value.decides):
        word = "unified" if value.unified else "decides"
        raise refusal(
            Finding(
                "conflicting-keys",
                f"it has a `lead` and `{word}`",
                "a unified command has no `lead`: keep one of them",
                (word,),
                True,
            )
        )
    if value.unified and value.decides not in value.unified:
        at = ("decides",) if value.decides else ("unified",)
        raise refusal(
            Finding(
                "missing-key",
                "nobody in this unified command has the last word",
                "add `decides:` with one of its partners",
                at,
            )
        )
    return value


LeadRuleEntry = Annotated[LeadRule, AfterValidator(_lead_rule)]
