"""The playbook: the whole of what the partners agreed, as frozen, strictly typed values.

Attribute names are the YAML keys; Python's keywords have a trailing underscore (`in_`, `for_`, `as_`, `from_`, `not_`).
Models are read with `playbooks.load`, which also checks that every name is defined. The parts live in the rooms beside
this one: schema_words (names, texts), schema_lists, schema_labels, schema_times, schema_selectors, schema_places,
schema_partners, schema_leads, schema_fields, schema_sharing, schema_ack, schema_alerts, schema_events and schema_tests.

What stands under an attribute is for the people who write playbooks: `schema_json` gives it to their editors, and
LANGUAGE.md has it word for word.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field

from playbooks.labels import Label, Tlp
from playbooks.rooms import Network
from playbooks.schema_ack import Ack, Confirm, Step
from playbooks.schema_alerts import Alert, AlertEntry, Cap, InDanger, clause_fields
from playbooks.schema_events import Channel, Checkin, CheckinEntry, Duty, LogRules, Means, Risk
from playbooks.schema_fields import (
    BUILT_IN,
    FieldEntry,
    FieldSpec,
    FieldType,
    Form,
    FormLabel,
    WithBuiltIns,
    built_ins,
    only_known_built_ins,
)
from playbooks.schema_labels import Labelled, TlpWord
from playbooks.schema_leads import LeadRule, LeadRuleEntry, Tier
from playbooks.schema_lists import Distinct, Listed, Many, Some
from playbooks.schema_partners import Clearance, Partner, Room
from playbooks.schema_places import Agreement, AgreementEntry, Area, AreaEntry, Jurisdiction
from playbooks.schema_selectors import (
    EVERYONE,
    Deputies,
    Everyone,
    Kind,
    Lead,
    Level,
    Matching,
    One,
    OneNetwork,
    Selector,
    Term,
)
from playbooks.schema_sharing import Forbid, Permit, Rule, RuleEntry, When
from playbooks.schema_tests import Expectation, Given
from playbooks.schema_times import Cron, Duration, Zone
from playbooks.schema_words import (
    AreaName,
    ChannelName,
    FieldName,
    Language,
    Localized,
    Name,
    Part,
    PartnerName,
    PhaseName,
    PlaybookName,
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

    model_config = ConfigDict(title="Trust in a network")

    ceiling: TlpWord = Tlp.CLEAR
    """The highest level that may travel over it. Without it: only what is `clear`.

    Example: `amber`
    """
    encrypted: TlpWord | None = None
    """The highest level in rooms that are and have always stayed encrypted, that not anybody can join or read. Without it: the
    `ceiling` holds there too.

    Example: `red`
    """


class Danger(Part):
    """Who may declare imminent danger to life, for how long it lasts, and who is told."""

    model_config = ConfigDict(title="Imminent danger")

    by: Selector
    """Who may declare it.

    Example: `lead`
    """
    lasts: Duration
    """How long it lasts, unless it is ended before (`/danger off`).

    Example: `2h`
    """
    tell: Selector | None = None
    """Who is told at once. Without it: nobody in particular.

    Example: `[liege-city]`
    """


class Activate(Part):
    """Whose people may start an incident from this playbook."""

    model_config = ConfigDict(title="Who may start an incident")

    by: Selector
    """Whose people may.

    Example: `{kind: [fire, municipality]}`
    """


class Playbook(Part):
    """The agreement between the partners of a crisis. Order matters only in `languages`, `phases` and `leads`."""

    model_config = ConfigDict(title="Tocsin playbook")

    playbook: PlaybookName
    """The playbook's id. People start an incident with it (`/activate meuse-flood`), and the log names it.

    Example: `meuse-flood`
    """
    version: Annotated[int, Field(ge=1, le=10**9)]
    """A number that grows with every change the partners sign, so that the log can say by which version was decided.

    Example: `7`
    """
    title: Localized
    """What people call it.

    Example: `{en: Meuse flood, fr: Crue de la Meuse, nl: Maasvloed}`
    """
    languages: Annotated[Some[Language], Distinct()]
    """The languages of the partnership. The first is the fallback, for whoever's own is not among them.

    Example: `[en, fr, nl]`
    """
    timezone: Zone
    """Where the clocks are by which the dates of agreements, the times of check-ins and of tests are meant: a name of the
    IANA time zone database.

    Example: `Europe/Brussels`
    """
    hazards: Annotated[Many[Name], Distinct(), Field(max_length=30)] = ()
    """The dangers it is for, in free words; rules about leads and sharing can ask for one. An incident has the first of them,
    or the one that is said when it starts: `/activate meuse-flood dam`. Without any, no rule can ask for one.

    Example: `[flood, dam]`
    """
    networks: Mapping[OneNetwork, NetworkTrust] = Field(default_factory=dict)
    """How far each way of carrying messages can be trusted. A network that is not named here carries nothing at all, not
    even what is clear. Without any: nothing leaves.

    Example: `{telegram: {ceiling: amber}, matrix: {ceiling: amber, encrypted: red}}`
    """
    jurisdictions: Annotated[Mapping[Name, Jurisdiction], Field(min_length=1)]
    """The countries or regions whose law the partners are under, by id. What passes from one to another needs an agreement.

    Example: `{be: {name: Belgium, language: fr}, nl: {name: Netherlands, language: nl}}`
    """
    agreements: Annotated[Mapping[Name, AgreementEntry], Field(max_length=200)] = Field(default_factory=dict)
    """What allows sharing across a border, or of personal data at home, by id. Without any: nothing but what is clear
    crosses a border, and personal data are shown to nobody, unless danger is declared.

    Example: `{emric: {title: EMRIC agreement, between: [be, nl], purposes: [life-safety], until: 2027-12-31}}`
    """
    danger: Danger | None = None
    """Who may declare imminent danger to life, for how long. Without it: nobody can, and rules for danger never hold.

    Example: `{by: lead, lasts: 2h, tell: [liege-city]}`
    """
    areas: Mapping[AreaName, AreaEntry] = Field(default_factory=dict)
    """Named ground, by id: where competences hold, and where alerts concern. Without any: no alert can be aimed at a place.

    Example: `{chenee: {name: Chênée, jurisdiction: be, circle: [50.611, 5.615, 2.0]}}`
    """
    activate: Activate | None = None
    """Whose people may start an incident. Without it: only coordinators.

    Example: `{by: {kind: [fire, municipality]}}`
    """
    partners: Annotated[Mapping[PartnerName, Partner], Field(min_length=1)]
    """The organisations that have agreed to this, by id.

    Example: `{liege-city: {name: Ville de Liège, kind: municipality, level: local, jurisdiction: be}}`
    """
    phases: Annotated[Some[PhaseName], Distinct(), Field(max_length=30)]
    """The phases of an incident, in order; it begins in the first.

    Example: `[watch, response, recovery]`
    """
    leads: Listed[LeadRuleEntry] = ()
    """Who leads. For each tier and jurisdiction the first rule that matches phase and hazard counts: order matters. Without
    any, nobody leads.

    Example: `[{in: [watch, response], tier: operational, lead: liege-fire, deputies: [liege-city]}]`
    """
    fields: Annotated[
        Mapping[FieldName, FieldEntry],
        BeforeValidator(built_ins),
        AfterValidator(only_known_built_ins),
        WithBuiltIns(),
    ] = Field(default_factory=dict)
    """Every piece of information that alerts carry, by id, each with its label. Those that begin with `_` are built in: here
    they can be given another label. Without any, alerts have nothing to say.

    Example: `{what: {type: text, tlp: green}, where: {type: place, tlp: amber, forms: {area: green}}}`
    """
    sharing: Listed[RuleEntry] = ()
    """Who may see what. What no `permit` allows is withheld, and a `forbid` beats every permit; their order never matters. Without
    any, nobody sees anything.

    Example: `[{permit: [what], to: everyone, purpose: life-safety}, {forbid: [victims], to: {network: telegram}}]`
    """
    alerts: Mapping[Name, AlertEntry] = Field(default_factory=dict)
    """The alerts that can be issued, by id (`/alert evacuation`). Without any, none can.

    Example: `{all-clear: {title: All clear, cap: {category: Safety, event: Flood, urgency: Past, severity: Minor, certainty: Observed}, fields: {what: required}, text: ["{what}"], to: everyone}}`
    """
    checkins: Mapping[Name, CheckinEntry] = Field(default_factory=dict)
    """Questions asked in rounds, by id. Without any: nobody is asked.

    Example: `{hourly: {every: 1h, to: everyone, ask: "Status of your services?"}}`
    """
    channels: Mapping[ChannelName, Channel] = Field(default_factory=dict)
    """Conversations that join rooms of several partners, by id. Without any: each room hears alerts, not the other rooms.

    Example: `{ops: {title: Operations, members: {kind: [fire, municipality]}, label: {tlp: amber}}}`
    """
    duties: Listed[Duty] = ()
    """What the law asks of whom, and when they are reminded of it. Without any: nobody is.

    Example: `[{for: {kind: municipality}, at: response, text: "You answer for the evacuation order.", source: "Arrêté royal du 22 mai 2019"}]`
    """
    risks: Mapping[Name, Risk] = Field(default_factory=dict)
    """What may happen, by id: a part of the shared picture, seen by who may see its label. Without any: none is shown.

    Example: `{confluence: {hazard: flood, area: chenee, likelihood: 4, impact: 5, owner: liege-fire, tlp: green}}`
    """
    means: Mapping[Name, Means] = Field(default_factory=dict)
    """What can be sent, by id: a part of the shared picture. Without any: none is shown.

    Example: `{boats: {kind: rescue boat, count: 6, owner: liege-fire, at: chenee, tlp: green}}`
    """
    log: LogRules = LogRules()
    """How the incident's log is signed, posted and kept. Without it: signed each minute, posted to everyone each hour, kept ten
    years.

    Example: `{sign: 60s, post: 1h, in: everyone, keep: 10y}`
    """
    tests: Listed[Expectation] = ()
    """What the partners agreed, as assertions that `tocsin test` tries. Without any: nothing notices when a change breaks it.

    Example: `[{name: The press learns nothing, alert: evacuation, given: {from: liege-city}, sees: {gazette: {}}}]`
    """

    def field(self, name: str) -> FieldSpec | None:
        """The field of this name: as declared, else built in, else None; what is not declared is seen by nobody.

        What is said in a channel is a field too, `#` with the channel's name, under the channel's label; and so is what is
        answered to a check-in, `?` with its name, under the check-in's label (and `_answer`'s, where the playbook has one).
        """
        if name.startswith("?"):
            checkin = self.checkins.get(name[1:])
            return None if checkin is None else _answers_of(checkin, self.fields.get("_answer"))
        if name.startswith("#"):
            channel = self.channels.get(name[1:])
            return None if channel is None else _text(channel.label.label)
        return self.fields.get(name) or BUILT_IN.get(name)

    def ceiling(self, network: Network) -> Tlp:
        """The highest level that may travel over this network in plain rooms; clear where nothing was agreed."""
        trust = self.networks.get(network)
        return Tlp.CLEAR if trust is None else trust.ceiling

    def encrypted_ceiling(self, network: Network) -> Tlp:
        """The same in rooms that are and have stayed encrypted; the plain ceiling where none is given."""
        trust = self.networks.get(network)
        return self.ceiling(network) if trust is None or trust.encrypted is None else trust.encrypted


def _answers_of(checkin: Checkin, relabelled: FieldSpec | None) -> FieldSpec:
    own = checkin.label.label
    return _text(own if relabelled is None else own.join(relabelled.label))


@lru_cache(maxsize=256)
def _text(label: Label) -> FieldSpec:
    """A text held so closely. The same few are asked for very often."""
    compartments = tuple(sorted(label.compartments))
    return FieldSpec(type="text", tlp=label.tlp, compartments=compartments, personal=label.personal)
