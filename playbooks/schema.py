"""The playbook: the whole of what the partners agreed, as frozen, strictly typed values.

Attribute names are the YAML keys; Python's keywords have a trailing underscore (`in_`, `for_`, `as_`, `from_`, `not_`).
Models are read with `playbooks.load`, which also checks that every name is defined. The parts live in the rooms beside
this one: schema_words (names, texts, labels), schema_times, schema_selectors, schema_partners, schema_sharing and
schema_events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from playbooks.labels import Tlp
from playbooks.rooms import Network
from playbooks.schema_events import (
    Ack,
    Alert,
    AlertEntry,
    Cap,
    Channel,
    Checkin,
    CheckinEntry,
    Confirm,
    Duty,
    Expectation,
    Given,
    InDanger,
    LogRules,
    Means,
    Risk,
    Step,
    clause_fields,
)
from playbooks.schema_partners import (
    Agreement,
    AgreementEntry,
    Area,
    AreaEntry,
    Clearance,
    Jurisdiction,
    LeadRule,
    LeadRuleEntry,
    Partner,
    Room,
    Tier,
)
from playbooks.schema_selectors import EVERYONE, Deputies, Everyone, Kind, Lead, Level, Matching, One, Selector, Term
from playbooks.schema_sharing import (
    BUILT_IN,
    FieldEntry,
    FieldSpec,
    FieldType,
    Forbid,
    Form,
    FormLabel,
    Permit,
    Rule,
    RuleEntry,
    When,
    built_ins,
    only_known_built_ins,
)
from playbooks.schema_times import Cron, Duration, Zone
from playbooks.schema_words import (
    AreaName,
    ChannelName,
    FieldName,
    Labelled,
    Language,
    Listed,
    Localized,
    Many,
    Name,
    Part,
    PartnerName,
    PhaseName,
    PlaybookName,
    Some,
    TlpWord,
    distinct,
    text_in,
)

__all__ = [
    "BUILT_IN", "EVERYONE", "Ack", "Activate", "Agreement", "Alert", "Area", "Cap", "Channel", "Checkin", "Clearance",
    "Confirm", "Cron", "Danger", "Deputies", "Duty", "Everyone", "Expectation", "FieldSpec", "FieldType", "Forbid",
    "Form", "FormLabel", "Given", "InDanger", "Jurisdiction", "Kind", "Labelled", "Lead", "LeadRule", "Level",
    "Localized", "LogRules", "Matching", "Means", "NetworkTrust", "One", "Partner", "Permit", "Playbook", "Risk",
    "Room", "Rule", "Selector", "Step", "Term", "Tier", "When", "clause_fields", "text_in",
]  # fmt: skip


class NetworkTrust(Part):
    """How far a network can be trusted with what is said over it, in plain and in encrypted rooms."""

    ceiling: TlpWord = Tlp.CLEAR
    encrypted: TlpWord | None = None


class Danger(Part):
    """Who may declare imminent danger to life, for how long it lasts, and who is told."""

    by: Selector
    lasts: Duration
    tell: Selector | None = None


class Activate(Part):
    """Whose people may start an incident from this playbook."""

    by: Selector


class Playbook(Part):
    """One playbook. Order matters only in `languages`, `phases` and `leads`."""

    playbook: PlaybookName
    version: Annotated[int, Field(ge=1, le=10**9)]
    title: Localized
    languages: Annotated[Some[Language], AfterValidator(distinct)]
    timezone: Zone
    hazards: Annotated[Many[Name], AfterValidator(distinct)] = ()
    networks: Mapping[Network, NetworkTrust] = Field(default_factory=dict)
    jurisdictions: Annotated[Mapping[Name, Jurisdiction], Field(min_length=1)]
    agreements: Mapping[Name, AgreementEntry] = Field(default_factory=dict)
    danger: Danger | None = None
    areas: Mapping[AreaName, AreaEntry] = Field(default_factory=dict)
    activate: Activate | None = None
    partners: Annotated[Mapping[PartnerName, Partner], Field(min_length=1)]
    phases: Annotated[Some[PhaseName], AfterValidator(distinct)]
    leads: Listed[LeadRuleEntry] = ()
    fields: Annotated[
        Mapping[FieldName, FieldEntry], BeforeValidator(built_ins), AfterValidator(only_known_built_ins)
    ] = Field(default_factory=dict)
    sharing: Listed[RuleEntry] = ()
    alerts: Mapping[Name, AlertEntry] = Field(default_factory=dict)
    checkins: Mapping[Name, CheckinEntry] = Field(default_factory=dict)
    channels: Mapping[ChannelName, Channel] = Field(default_factory=dict)
    duties: Listed[Duty] = ()
    risks: Mapping[Name, Risk] = Field(default_factory=dict)
    means: Mapping[Name, Means] = Field(default_factory=dict)
    log: LogRules = LogRules()
    tests: Listed[Expectation] = ()

    def field(self, name: str) -> FieldSpec | None:
        """The field of this name: as declared, else built in, else None; what is not declared is seen by nobody.

        What is said in a channel is a field too, `#` with the channel's name, under the channel's label.
        """
        if name.startswith("#"):
            channel = self.channels.get(name[1:])
            return None if channel is None else FieldSpec(type="text", **channel.label.model_dump())
        return self.fields.get(name) or BUILT_IN.get(name)

    def ceiling(self, network: Network) -> Tlp:
        """The highest level that may travel over this network in plain rooms; clear where nothing was agreed."""
        trust = self.networks.get(network)
        return Tlp.CLEAR if trust is None else trust.ceiling

    def encrypted_ceiling(self, network: Network) -> Tlp:
        """The same in rooms that are and have stayed encrypted; the plain ceiling where none is given."""
        trust = self.networks.get(network)
        return self.ceiling(network) if trust is None or trust.encrypted is None else trust.encrypted
