"""The log's whole vocabulary, in the past tense: everything Tocsin can ever know to have happened.

A fact is written once and never edited; a correction is a new fact. Each belongs to a stream: one for each incident, and
one, ``deployment``, for who-is-who, rooms and settings. Facts are plain frozen values of JSON-able parts, so that the log can
commit to each of their fields separately: an attribute marked ``each`` is a mapping of which every key is a field of its own,
because some readers may see one key and not another. What nobody sees a part of is one field, however many keys it has. Where keys are fields, decoys make up
the number (``decoys``): how many fields an entry has says nothing about who takes part, or what was left empty.

A fact's ``V`` is the version of its shape. Old bytes are never rewritten: ``UPCASTS`` reads them into today's shape.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import Any

from playbooks.rooms import RoomRef
from storage import canonical
from storage.facts.alerts import (
    AlertAddressed,
    AlertCancelled,
    AlertDrafted,
    AlertExpired,
    AlertIssued,
    AlertRequested,
    AlertRetracted,
    AlertSuperseded,
    AskedToIssue,
    CallAsked,
    CopyHeld,
    CopyReleased,
    DraftConfirmed,
    DraftDropped,
    RequestAnswered,
)
from storage.facts.answers import (
    Acknowledged,
    AnswerUndone,
    CallReported,
    CallTaken,
    CheckinAnswered,
    CheckinEnded,
    CheckinOverdue,
    CheckinStarted,
    Escalated,
    EscalationStalled,
    PartnerUnreachable,
    PersonAccounted,
    RollCallEnded,
    RollCallStarted,
)
from storage.facts.command import (
    BriefingGiven,
    DecisionDrafted,
    DecisionTaken,
    DutyConfirmed,
    DutyShown,
    LeadEnded,
    LeadOffered,
    LeadOfferEnded,
    LeadTaken,
    Objected,
    StandInNamed,
)
from storage.facts.course import (
    AdmissionEnded,
    CommandRefused,
    DangerDeclared,
    DangerEnded,
    DeadlineHeld,
    DeadlinePassed,
    EventFailed,
    ExercisePaused,
    ExerciseResumed,
    Exported,
    IncidentClosed,
    IncidentOpened,
    LogRead,
    NoteAdded,
    PartnerAdmitted,
    PhaseChanged,
    PlaybookKept,
    PlaybookProposed,
    PlaybookReloaded,
    ReportAnswered,
    ReportMade,
)
from storage.facts.deployment import (
    AliasResolved,
    DirectChatOpened,
    DutyLeft,
    DutyOffered,
    DutyReminded,
    DutyTaken,
    IdentityJoined,
    IdentityLost,
    InvitationMade,
    LanguageChosen,
    NetworkBack,
    NetworkLost,
    PersonEnrolled,
    PersonRevoked,
    ReachTestAnswered,
    ReachTestSent,
    RoomBound,
    RoomLost,
    RoomMoved,
    RoomObserved,
    RoomRegained,
    Started,
    Stopped,
    WordsKept,
    WordsUsed,
)
from storage.facts.evidence import CheckpointCosigned, CheckpointPosted, KeyReplaced, RollbackFound
from storage.facts.fact import DEPLOYMENT, EACH, Each, Fact, decoys
from storage.facts.keeping import FieldErased, HoldLifted, HoldPlaced, LogErased, PersonErased
from storage.facts.messages import (
    Disclosed,
    MessageDropped,
    MessageRefused,
    MessageRemains,
    MessageRemoved,
    MessageSent,
    MessageTracked,
    MessageUnknown,
    RemovalAsked,
)
from storage.facts.talk import (
    PollClosed,
    ReactedTo,
    Said,
    SaidAnew,
    TakenBack,
    TalkResumed,
    TalkStopped,
    Unread,
    Voted,
)

__all__ = [
    "DEPLOYMENT",
    "EACH",
    "FACTS",
    "IDS",
    "UPCASTS",
    "Acknowledged",
    "AdmissionEnded",
    "AlertAddressed",
    "AlertCancelled",
    "AlertDrafted",
    "AlertExpired",
    "AlertIssued",
    "AlertRequested",
    "AlertRetracted",
    "AlertSuperseded",
    "AliasResolved",
    "AnswerUndone",
    "AskedToIssue",
    "BriefingGiven",
    "CallAsked",
    "CallReported",
    "CallTaken",
    "CheckinAnswered",
    "CheckinEnded",
    "CheckinOverdue",
    "CheckinStarted",
    "CheckpointCosigned",
    "CheckpointPosted",
    "CommandRefused",
    "CopyHeld",
    "CopyReleased",
    "DangerDeclared",
    "DangerEnded",
    "DeadlineHeld",
    "DeadlinePassed",
    "DecisionDrafted",
    "DecisionTaken",
    "DirectChatOpened",
    "Disclosed",
    "DraftConfirmed",
    "DraftDropped",
    "DutyConfirmed",
    "DutyLeft",
    "DutyOffered",
    "DutyReminded",
    "DutyShown",
    "DutyTaken",
    "Each",
    "Escalated",
    "EscalationStalled",
    "EventFailed",
    "ExercisePaused",
    "ExerciseResumed",
    "Exported",
    "Fact",
    "FieldErased",
    "HoldLifted",
    "HoldPlaced",
    "IdentityJoined",
    "IdentityLost",
    "IncidentClosed",
    "IncidentOpened",
    "InvitationMade",
    "KeyReplaced",
    "LanguageChosen",
    "LeadEnded",
    "LeadOfferEnded",
    "LeadOffered",
    "LeadTaken",
    "LogErased",
    "LogRead",
    "MessageDropped",
    "MessageRefused",
    "MessageRemains",
    "MessageRemoved",
    "MessageSent",
    "MessageTracked",
    "MessageUnknown",
    "NetworkBack",
    "NetworkLost",
    "NoteAdded",
    "Objected",
    "PartnerAdmitted",
    "PartnerUnreachable",
    "PersonAccounted",
    "PersonEnrolled",
    "PersonErased",
    "PersonRevoked",
    "PhaseChanged",
    "PlaybookKept",
    "PlaybookProposed",
    "PlaybookReloaded",
    "PollClosed",
    "ReachTestAnswered",
    "ReachTestSent",
    "ReactedTo",
    "RemovalAsked",
    "ReportAnswered",
    "ReportMade",
    "RequestAnswered",
    "RollCallEnded",
    "RollCallStarted",
    "RollbackFound",
    "RoomBound",
    "RoomLost",
    "RoomMoved",
    "RoomObserved",
    "RoomRegained",
    "Said",
    "SaidAnew",
    "StandInNamed",
    "Started",
    "Stopped",
    "TakenBack",
    "TalkResumed",
    "TalkStopped",
    "Unread",
    "Voted",
    "WordsKept",
    "WordsUsed",
    "apart",
    "as_read",
    "committed",
    "from_parts",
    "parts",
    "timestamp",
]

FACTS: Mapping[str, type[Fact]] = {
    kind.__name__: kind
    for kind in (
        Started,
        Stopped,
        RoomBound,
        AliasResolved,
        RoomObserved,
        RoomMoved,
        RoomLost,
        RoomRegained,
        DirectChatOpened,
        InvitationMade,
        PersonEnrolled,
        IdentityJoined,
        PersonRevoked,
        LanguageChosen,
        NetworkLost,
        NetworkBack,
        IdentityLost,
        DutyOffered,
        DutyTaken,
        DutyLeft,
        ReachTestSent,
        ReachTestAnswered,
        DutyReminded,
        WordsKept,
        WordsUsed,
        IncidentOpened,
        PlaybookProposed,
        PlaybookKept,
        PlaybookReloaded,
        DangerDeclared,
        DangerEnded,
        NoteAdded,
        CommandRefused,
        LogRead,
        Exported,
        DeadlineHeld,
        DeadlinePassed,
        EventFailed,
        IncidentClosed,
        PhaseChanged,
        ExercisePaused,
        ExerciseResumed,
        PartnerAdmitted,
        AdmissionEnded,
        ReportMade,
        ReportAnswered,
        LeadTaken,
        LeadOffered,
        LeadOfferEnded,
        LeadEnded,
        BriefingGiven,
        DecisionDrafted,
        DecisionTaken,
        Objected,
        DutyShown,
        DutyConfirmed,
        StandInNamed,
        AlertDrafted,
        DraftConfirmed,
        DraftDropped,
        AlertIssued,
        CopyHeld,
        AlertAddressed,
        AlertExpired,
        AskedToIssue,
        AlertRequested,
        RequestAnswered,
        AlertSuperseded,
        AlertCancelled,
        AlertRetracted,
        CopyReleased,
        CallAsked,
        Disclosed,
        MessageSent,
        MessageRefused,
        MessageUnknown,
        MessageDropped,
        MessageTracked,
        RemovalAsked,
        MessageRemoved,
        MessageRemains,
        FieldErased,
        PersonErased,
        LogErased,
        HoldPlaced,
        HoldLifted,
        CheckpointPosted,
        CheckpointCosigned,
        KeyReplaced,
        RollbackFound,
        Acknowledged,
        AnswerUndone,
        Escalated,
        PartnerUnreachable,
        EscalationStalled,
        CallTaken,
        CallReported,
        CheckinStarted,
        CheckinAnswered,
        CheckinOverdue,
        CheckinEnded,
        RollCallStarted,
        PersonAccounted,
        RollCallEnded,
        Said,
        SaidAnew,
        TakenBack,
        ReactedTo,
        Voted,
        PollClosed,
        TalkStopped,
        TalkResumed,
        Unread,
    )
}
"""The closed union of facts, by name."""

IDS: Mapping[type[Fact], str] = {
    IncidentOpened: "incident",
    InvitationMade: "invitation",
    PersonEnrolled: "person",
    AlertDrafted: "draft",
    AlertIssued: "alert",
    AlertRequested: "request",
    CheckinStarted: "round",
    RollCallStarted: "rollcall",
    LeadOffered: "offer",
    DecisionTaken: "decision",
    ReportMade: "report",
    ReachTestSent: "test",
    WordsKept: "words",
    Said: "said",
}
"""The facts that give a short id, and where they say it. One counter a letter: a number is never used twice.

I incident, E exercise, X rehearsal · A alert, D draft, Q request · C check-in round, R roll call · H offer of the lead,
K decision · M report, T test · P person, V invitation · W words whose meaning was asked for · S said in a channel.
"""

UPCASTS: Mapping[tuple[str, int], Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""(fact, version) → how to read that version's fields into the next one's."""


def apart(how: Any) -> tuple[Any, Any]:
    """What was decided about a field that a message shows, and its value."""
    if not isinstance(how, Mapping):
        return how, None
    return {name: one for name, one in how.items() if name != "value"}, how.get("value")


def parts(fact: Fact, split: Callable[[Any], tuple[Any, Any]] = apart) -> dict[str, Any]:
    """A fact's fields as the log commits to them: path → JSON value, None where absent.

    Paths are attribute names, and ``name/key`` for the keys of an ``each`` attribute. Times are RFC 3339
    strings in UTC. ``split`` is ``apart``; for many facts at once, ``Once`` of it. Decoys are not among them.
    """
    result: dict[str, Any] = {}
    for name, is_each, values, to_json, _ in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each and values:
            for key, item in value.items():
                result[f"{name}/{key}"], result[f"{values}/{key}"] = split(item)
        elif is_each:
            for key, item in value.items():
                result[f"{name}/{key}"] = item
        else:
            result[name] = None if value is None else to_json(value)
    return result


def committed(fact: Fact, split: Callable[[Any], tuple[Any, Any]] = apart) -> dict[str, Any]:
    """All that an entry of a fact commits to: its ``parts``, and the decoys beside them."""
    found = parts(fact, split)
    return found | dict.fromkeys(decoys(type(fact), len(found)))


def from_parts(kind: str, version: int, values: Mapping[str, Any]) -> Fact:
    """Read what ``parts`` wrote, absent paths being None. Raises ValueError for an unknown fact or shape."""
    if kind not in FACTS:
        raise ValueError(f"unknown fact {kind}")
    values = dict(values)
    while version < FACTS[kind].V:
        values = UPCASTS[kind, version](values)
        version += 1
    if version > FACTS[kind].V:
        raise ValueError(f"{kind} has version {version}; this program knows {FACTS[kind].V}")
    attributes: dict[str, Any] = {}
    for name, is_each, beside, _, from_json in _codec(typing.cast(Hashable, FACTS[kind])):
        if is_each:
            prefix = name + "/"
            found = {path[len(prefix) :]: v for path, v in values.items() if path.startswith(prefix)}
            attributes[name] = (
                {k: _joined(how, values, f"{beside}/{k}") for k, how in found.items()} if beside else found
            )
        else:
            value = values.get(name)
            attributes[name] = from_json(value) if value is not None else {} if from_json is _in_order else None
    return FACTS[kind](**attributes)


def as_read(fact: Fact, compose: Callable[[Any], Any]) -> Fact:
    """The fact as ``from_parts`` reads its composed ``parts`` again: texts in one form, times to the millisecond.

    ``compose`` is ``canonical.composed``; for many facts at once, ``Once`` of it.
    """
    attributes: dict[str, Any] = {}
    for name, is_each, values, to_json, from_json in _codec(typing.cast(Hashable, type(fact))):
        value = getattr(fact, name)
        if is_each:
            # In the order in which the log has them: a restart must not change the order of anything that is shown.
            read = dict(sorted(canonical.composed_mapping(value, compose).items()))
            attributes[name] = {key: _joined(how, {key: None}, key) for key, how in read.items()} if values else read
        else:
            attributes[name] = None if value is None else from_json(compose(to_json(value)))
    return type(fact)(**attributes)


def timestamp(at: datetime) -> str:
    """A time as the log writes it: RFC 3339 in UTC with milliseconds and ``Z``."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _same(value: Any) -> Any:
    return value


def _in_order(value: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(value.items()))


def _joined(how: Any, values: Mapping[str, Any], path: str) -> Any:
    """What was decided about a field, with its value again where there is one: what is withheld has none, and what was erased has none any more."""
    if not isinstance(how, Mapping) or "withheld" in how or "value" in how or path not in values:
        return how
    return {**how, "value": values[path]}


@cache
def _codec(kind: Hashable) -> tuple[tuple[str, bool, str | None, Callable[[Any], Any], Callable[[Any], Any]], ...]:
    hints = typing.get_type_hints(typing.cast("type[Fact]", kind))
    rows = []
    for attribute in fields(typing.cast("type[Fact]", kind)):
        hint = hints[attribute.name]
        if isinstance(hint, types.UnionType):
            hint = next(part for part in typing.get_args(hint) if part is not type(None))
        to_json: Callable[[Any], Any] = _same
        from_json: Callable[[Any], Any] = _same
        if hint is RoomRef:
            to_json, from_json = str, RoomRef.parse
        elif hint is datetime:
            to_json, from_json = timestamp, datetime.fromisoformat
        elif typing.get_origin(hint) is tuple:
            to_json, from_json = list, tuple
        elif typing.get_origin(hint) is Mapping:
            to_json, from_json = _in_order, _in_order
        metadata = attribute.metadata
        rows.append((attribute.name, metadata.get("each", False), metadata.get("values"), to_json, from_json))
    return tuple(rows)
