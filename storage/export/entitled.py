"""What a partner may see of each kind of fact: one table. What is not named is not shown.

| what | of which facts |
|---|---|
| what its own rooms were told | ``Disclosed`` to it, without what was withheld; what became of these messages; of an alert that a room read, its id, its kind and whose it is, which stand on every copy |
| its own acts | facts whose actor is the partner, or one of its people; of what befalls a partner (``BEFALLS``) only what it was told |
| what is announced to everyone | the incident as it opened (its title where it was told), phases, leads that it may know of, guests, the end |
| its own rooms and people | in the deployment's stream |

A rule's ``shows`` are attributes; ``name/*`` are all the keys of one that is committed to key by key, ``*`` all other attributes. Of what a rule
shows, ``View`` still leaves out partners of whom the recipient may not know, other partners' rooms, and persons who are not its own in others' acts.

What was erased is None here whatever its type says, and makes nothing anybody's own: what is gone never shows more of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storage.facts.fact import DEPLOYMENT

if TYPE_CHECKING:
    from storage.export.view import View

EVERYTHING = "*"

When = Callable[["View", Any], bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """Shows some attributes of a fact ``when`` something is so; ``learn``: what the view takes from it, in its first reading."""

    when: When
    shows: tuple[str, ...]
    learn: Callable[[View, Any], None] | None = None


BEFALLS = frozenset(
    {
        "AdmissionEnded", "BriefingGiven", "CallAsked", "CallReported", "CallTaken", "CheckpointCosigned", "CheckpointPosted", "CopyHeld", "CopyReleased",
        "Disclosed", "DutyReminded", "Escalated", "EscalationStalled", "InvitationMade", "MessageTracked", "PartnerAdmitted", "PartnerUnreachable",
        "PersonAccounted", "PersonEnrolled", "RemovalAsked", "RollCallStarted", "RoomBound", "TalkResumed", "TalkStopped",
    }
)  # fmt: skip
"""Facts whose ``partner`` is not who acts, but whom it befalls."""


def _acts(view: View, fact: Any) -> bool:
    return view.acts(fact)


def _always(view: View, fact: Any) -> bool:
    return True


def _its(view: View, fact: Any) -> bool:
    """The fact is about this partner."""
    return bool(fact.partner == view.partner)


def _sent(view: View, fact: Any) -> bool:
    return fact.send in view.sends or view.in_room(fact)


def _in_room(view: View, fact: Any) -> bool:
    return view.in_room(fact)


def _own(*names: str) -> When:
    """One of these attributes names something that is the partner's own."""
    return lambda view, fact: any(getattr(fact, name) in view.own for name in names)


def _told(*names: str) -> When:
    """Each of these attributes names something that the partner's rooms were told of, or its own."""
    return lambda view, fact: all(getattr(fact, name) in view.told | view.own for name in names)


def _person(view: View, fact: Any) -> bool:
    return fact.person in view.people


def _by(view: View, fact: Any) -> bool:
    return fact.by in view.people


def _mine(name: str) -> Callable[[View, Any], None]:
    """What this attribute names is the partner's own from now on."""
    return lambda view, fact: _learn(view.own, getattr(fact, name))


def _learn(known: set[str], name: str | None) -> None:
    """Nothing is learned from what was erased: else all that was erased would be one thing."""
    if name is not None:
        known.add(name)


def _worded(name: str) -> Callable[[View, Any], None]:
    """The same; and whether every word of it is: none comes from another partner's request, or from an alert that has words of one."""

    def learn(view: View, fact: Any) -> None:
        _learn(view.own, getattr(fact, name))
        if _written(view, fact):
            _learn(view.words, getattr(fact, name))

    return learn


def _read(view: View, fact: Any) -> bool:
    """An alert of which one of the partner's rooms was sent a copy: each says what it is called and from whom it comes."""
    return fact.alert in view.read


def _written(view: View, fact: Any) -> bool:
    """An alert or a draft of the partner's people, in words that are theirs."""
    return (
        view.acts(fact)
        and (fact.request is None or fact.request in view.own)
        and fact.updates is not None
        and all(one in view.words for one in fact.updates)
    )


def _asked(view: View, fact: Any) -> bool:
    return view.partner in (fact.partners or ())


def _asks(view: View, fact: Any) -> bool:
    """A roll call that the partner itself asked for."""
    return bool(fact.by == view.partner)


def _admits(view: View, fact: Any) -> bool:
    """A guest that the partner itself admitted."""
    return bool(fact.by == view.partner) or fact.person in view.people


def _copied(view: View, fact: Any) -> bool:
    """A copy that was made for the partner, or that one of its people had made."""
    return bool(fact.reader == view.partner) or fact.by in view.people


def _supplied(view: View, fact: Any) -> bool:
    """Values that one of its people supplied for an alert in its own words."""
    return fact.person in view.people and fact.alert in view.words


def _leading(view: View, fact: Any) -> bool:
    return fact.partners is not None and all(one in view.knows for one in fact.partners)


def _learn_lead(view: View, fact: Any) -> None:
    view.leads.add((fact.tier, fact.jurisdiction))


def _offered(view: View, fact: Any) -> bool:
    return view.partner in (fact.partners or ()) or fact.partner == view.partner


def _known(view: View, fact: Any) -> bool:
    return fact.partner in view.knows


def _accounts(view: View, fact: Any) -> bool:
    """Somebody of the partner says it of themselves, or one of its people of anybody."""
    return (_its(view, fact) and fact.by == fact.person) or _by(view, fact)


def _learn_person(view: View, fact: Any) -> None:
    _learn(view.accounts, fact.identity)


def _account(name: str) -> When:
    return lambda view, fact: getattr(fact, name) in view.accounts


NOT_SHOWN: tuple[Rule, ...] = ()
ITS_ACT = (Rule(_acts, (EVERYTHING,)),)
OF_ITS_MESSAGE = (Rule(_sent, (EVERYTHING,)),)

SHOWN: Mapping[str, tuple[Rule, ...]] = {
    # the deployment
    "Started": NOT_SHOWN,  # it names every playbook
    "Stopped": NOT_SHOWN,
    "NetworkLost": NOT_SHOWN,
    "NetworkBack": NOT_SHOWN,
    "RoomBound": (Rule(_its, (EVERYTHING,)),),
    "AliasResolved": (Rule(_in_room, (EVERYTHING,)),),
    "RoomObserved": (Rule(_in_room, (EVERYTHING,)),),
    "RoomMoved": (Rule(_in_room, (EVERYTHING,)),),
    "RoomLost": (Rule(_in_room, (EVERYTHING,)),),
    "RoomRegained": (Rule(_in_room, (EVERYTHING,)),),
    "DirectChatOpened": (Rule(_account("identity"), ("identity",)),),
    "InvitationMade": (Rule(_its, ("invitation", "partner", "role", "by", "room", "expires", "person")),),
    "PersonEnrolled": (Rule(_its, (EVERYTHING,), _learn_person),),
    "IdentityJoined": (Rule(_person, (EVERYTHING,), _learn_person),),
    "PersonRevoked": (Rule(_person, ("person", "by")), Rule(_by, (EVERYTHING,))),
    "LanguageChosen": (Rule(_account("who"), (EVERYTHING,)),),
    "IdentityLost": (Rule(_person, ("person", "identity", "by")),),
    "DutyOffered": ITS_ACT,
    "DutyTaken": ITS_ACT,
    "DutyLeft": ITS_ACT,
    "ReachTestSent": NOT_SHOWN,  # it names every partner's rooms
    "ReachTestAnswered": ITS_ACT,
    "DutyReminded": (Rule(_its, (EVERYTHING,)),),
    "WordsKept": (Rule(_person, (EVERYTHING,), _mine("words")),),
    "WordsUsed": (Rule(_own("words"), (EVERYTHING,)),),
    # the course of an incident
    "IncidentOpened": (
        Rule(
            _always,
            ("incident", "playbook", "playbook_version", "title", "partner", "phase", "exercise", "rehearsal", "hazard"),
        ),
        Rule(_acts, (EVERYTHING,)),
    ),
    "PlaybookProposed": ITS_ACT,
    "PlaybookKept": ITS_ACT,
    "PlaybookReloaded": (Rule(_always, ("playbook", "version", "digest", "before")), Rule(_acts, (EVERYTHING,))),
    "DangerDeclared": ITS_ACT,
    "DangerEnded": (Rule(_by, (EVERYTHING,)),),
    "NoteAdded": ITS_ACT,
    "CommandRefused": ITS_ACT,
    "LogRead": ITS_ACT,
    "Exported": (Rule(_copied, (EVERYTHING,)),),
    "DeadlineHeld": NOT_SHOWN,
    "DeadlinePassed": NOT_SHOWN,  # its key names partners
    "EventFailed": NOT_SHOWN,
    "IncidentClosed": ITS_ACT,
    "PhaseChanged": (Rule(_always, ("phase", "before", "partner")), Rule(_acts, (EVERYTHING,))),
    "ExercisePaused": NOT_SHOWN,
    "ExerciseResumed": (Rule(_person, (EVERYTHING,)),),
    "PartnerAdmitted": (
        Rule(_known, ("partner", "name", "kind", "phone", "until")),
        Rule(_admits, (EVERYTHING,)),
    ),
    "AdmissionEnded": (Rule(_known, ("partner",)),),
    "ReportMade": (Rule(_acts, (EVERYTHING, "parts/*"), _mine("report")),),
    "ReportAnswered": (Rule(_own("report"), ("report",)), Rule(_person, (EVERYTHING,))),
    # command
    "LeadTaken": (Rule(_leading, (EVERYTHING,), _learn_lead),),
    "LeadOffered": (Rule(_offered, (EVERYTHING,), _mine("offer")),),
    "LeadOfferEnded": (Rule(_own("offer"), ("offer", "why", "partner")), Rule(_acts, (EVERYTHING,))),
    "LeadEnded": (Rule(lambda view, fact: (fact.tier, fact.jurisdiction) in view.leads, (EVERYTHING,)),),
    "BriefingGiven": (Rule(_its, (EVERYTHING,)),),
    "DecisionDrafted": (Rule(_acts, (EVERYTHING, "fields/*")),),
    "DecisionTaken": (Rule(_acts, (EVERYTHING, "fields/*"), _mine("decision")),),
    "Objected": ITS_ACT,
    "DutyShown": (Rule(_its, (EVERYTHING,)),),
    "DutyConfirmed": ITS_ACT,
    "StandInNamed": ITS_ACT,
    # alerts
    "AlertDrafted": (Rule(_acts, (EVERYTHING,), _worded("draft")), Rule(_written, ("fields/*",))),
    "DraftConfirmed": (Rule(_own("draft"), (EVERYTHING,)), Rule(_person, (EVERYTHING,))),
    "DraftDropped": (Rule(_own("draft"), (EVERYTHING,)),),
    "AlertIssued": (
        Rule(_read, ("alert", "template", "partner")),
        Rule(_acts, (EVERYTHING,), _worded("alert")),
        Rule(_written, ("fields/*",)),
    ),
    "CopyHeld": NOT_SHOWN,
    "AlertAddressed": (Rule(_own("alert"), ("alert",)),),
    "AlertExpired": (Rule(_told("alert"), (EVERYTHING,)),),
    "AskedToIssue": ITS_ACT,
    "AlertRequested": (Rule(_acts, (EVERYTHING, "fields/*"), _mine("request")),),
    "RequestAnswered": (Rule(_own("request"), ("request", "partner", "answer")), Rule(_acts, (EVERYTHING,))),
    "AlertSuperseded": (Rule(_told("alert"), ("alert",)), Rule(_told("alert", "by"), (EVERYTHING,))),
    "AlertCancelled": (Rule(_told("alert"), ("alert",)), Rule(_acts, (EVERYTHING,))),
    "AlertRetracted": (Rule(_told("alert"), ("alert",)), Rule(_acts, (EVERYTHING,))),
    "CopyReleased": (
        Rule(_person, (EVERYTHING,)),
        Rule(_supplied, ("fields/*",)),
    ),
    "CallAsked": (Rule(_person, (EVERYTHING,)),),
    # messages
    "Disclosed": (Rule(_its, ("send", "about", "partner", "room", "language", "label", "epoch", "fields/*", "values/*")),),
    "MessageSent": OF_ITS_MESSAGE,
    "MessageRefused": OF_ITS_MESSAGE,
    "MessageUnknown": OF_ITS_MESSAGE,
    "MessageDropped": OF_ITS_MESSAGE,
    "MessageTracked": (Rule(_its, ("send", "role", "about", "partner", "room")),),
    "RemovalAsked": (Rule(_its, (EVERYTHING,)),),
    "MessageRemoved": OF_ITS_MESSAGE,
    "MessageRemains": OF_ITS_MESSAGE,
    # evidence
    "CheckpointPosted": (Rule(_its, (EVERYTHING,)),),
    "CheckpointCosigned": (Rule(_known, (EVERYTHING,)),),  # a bundle has the signature; who has it must see whose the log says it is
    "CheckpointStamped": (Rule(_always, (EVERYTHING,)),),  # it says how large the log was at a time, and no more
    "KeyReplaced": (Rule(_always, ("old", "new", "note")),),  # a bundle has them as its chain of keys
    "RollbackFound": (Rule(lambda view, fact: fact.stream == DEPLOYMENT, (EVERYTHING,)),),  # of the very log that is copied
    # what is forgotten, and what must not be
    "FieldErased": NOT_SHOWN,
    "PersonErased": NOT_SHOWN,
    "LogErased": NOT_SHOWN,
    "HoldPlaced": NOT_SHOWN,
    "HoldLifted": NOT_SHOWN,
    # answers
    "Acknowledged": (Rule(_its, ("alert", "partner", "choice", "via", "late")), Rule(_acts, (EVERYTHING,))),
    "AnswerUndone": ITS_ACT,
    "Escalated": NOT_SHOWN,
    "PartnerUnreachable": NOT_SHOWN,
    "EscalationStalled": NOT_SHOWN,
    "CallTaken": (Rule(_person, (EVERYTHING,)),),
    "CallReported": (Rule(_person, (EVERYTHING,)),),
    "CheckinStarted": (
        Rule(_asked, ("round", "name", "why", "due", "within"), _mine("round")),
        Rule(_acts, (EVERYTHING,), _mine("round")),
    ),
    "CheckinAnswered": (Rule(_its, ("round", "partner", "answer", "late", "via")), Rule(_acts, (EVERYTHING,))),
    "CheckinOverdue": (Rule(_own("round"), (EVERYTHING,)),),
    "CheckinEnded": (Rule(_own("round"), ("round", "why")), Rule(_person, (EVERYTHING,))),
    "RollCallStarted": (
        Rule(_told("rollcall"), ("rollcall", "persons/*")),
        Rule(_asks, (EVERYTHING, "persons/*"), _mine("rollcall")),
    ),
    "PersonAccounted": (Rule(_accounts, (EVERYTHING,)),),
    "RollCallEnded": (Rule(_told("rollcall"), ("rollcall", "why")), Rule(_person, (EVERYTHING,))),
    # what is said in channels
    "Said": (Rule(_acts, (EVERYTHING, "content/*"), _mine("said")),),
    "SaidAnew": (Rule(_own("said"), (EVERYTHING, "content/*")),),
    "TakenBack": (Rule(_told("said"), (EVERYTHING,)),),
    "ReactedTo": ITS_ACT,
    "Voted": (Rule(_in_room, (EVERYTHING,)),),
    "PollClosed": (Rule(_in_room, (EVERYTHING,)),),
    "TalkStopped": (Rule(_its, ("room", "partner")),),
    "TalkResumed": (Rule(_its, ("room", "partner")),),
    "Unread": (Rule(_in_room, (EVERYTHING,)),),
}  # fmt: skip
"""Fact → the rules that show something of it. A kind that is not here shows nothing; a test fails for it."""
