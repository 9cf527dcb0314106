"""Messages: what each disclosed, what became of it, and which of them are found again to be counted from, edited or removed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from playbooks.rooms import RoomRef
from storage.facts import (
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
from storage.incident.alerts import changed
from storage.incident.replacing import replace
from storage.incident.rounds import accepted_prompt
from storage.incident.state import Copy, CopyState, Incident, Issued, Live, Removal, RemovalState
from storage.store import Kept

CONCERNED = (
    MessageDropped,
    MessageRefused,
    MessageRemains,
    MessageRemoved,
    MessageSent,
    MessageTracked,
    MessageUnknown,
    RemovalAsked,
)


def disclosed(state: Incident, facts: Sequence[Kept]) -> Incident:
    """The incident after several disclosures in a row."""
    copies: dict[str, dict[str, Copy]] = {}
    for kept in facts:
        match kept.fact:
            case Disclosed(about=about, partner=str(partner)) as f if _is_copy(state, f):
                copies.setdefault(about, {})[f.send] = Copy(partner, f.room, f.language, f.fields)
            case Disclosed(about=about) as f if about in state.requests:
                state = _asked(state, f)
            case Disclosed(about=about) as f if about in state.drafts:
                draft = state.drafts[about]
                shown = replace(draft, exact={**draft.exact, f.room: _exact(f)})
                state = replace(state, drafts={**state.drafts, about: shown})
            case _:
                pass
    for about, new in copies.items():
        state = changed(state, about, copies={**state.alerts[about].copies, **new})
    sends = {send: about for about, new in copies.items() for send in new}
    return replace(state, alert_of={**state.alert_of, **sends}, size=facts[-1].seq + 1)


def _is_copy(state: Incident, f: Disclosed) -> bool:
    """Whether a message shows fields of an alert, and not only what is said about it."""
    issued = state.alerts.get(f.about)
    return issued is not None and not issued.fact.fields.keys().isdisjoint(f.fields)


def _asked(state: Incident, f: Disclosed) -> Incident:
    """A room was shown a request: it can approve what it saw exactly, and nothing else."""
    asked = state.requests[f.about]
    shown = replace(asked, exact={**asked.exact, f.room: _exact(f)})
    return replace(state, requests={**state.requests, f.about: shown})


def _exact(f: Disclosed) -> frozenset[str]:
    return frozenset(field for field, how in f.fields.items() if _is_exact(how))


def _is_exact(how: object) -> bool:
    return isinstance(how, Mapping) and how.get("form") == "exact" and how.get("value") is not None


def apply(state: Incident, kept: Kept) -> Incident:
    """The incident after one of these facts."""
    match kept.fact:
        case MessageTracked() as f if f.role == "prompt":
            return replace(state, prompts={**state.prompts, f.send: (f.about, f.partner)})
        case MessageTracked() as f:
            return _shown(state, f, kept.at)
        case MessageSent(send=send, room=room, message=message):
            return _accepted(_edited(_moved(state, send, room), send, message, kept.at), send, message, kept.at)
        case MessageRefused(send=send, reason=reason):
            return _copy(_unasked(_not_written(state, send, kept.at), send), send, "refused", reason)
        case MessageUnknown(send=send, reason=reason, repeat=repeat):
            state = _doubtful(state, send, repeat, kept.at)
            return _repeated(_copy(state, send, "unknown", reason), send, repeat)
        case MessageDropped(send=send, reason=reason):
            return _copy(_unasked(_not_sent(state, send), send), send, "dropped", reason)
        case RemovalAsked() as f:
            removal = Removal(f.send, f.about, f.partner, f.room, kept.at)
            return replace(state, removals={**state.removals, f.removal: removal})
        case MessageRemoved(send=send):
            return _copy(_removal(state, send, "removed"), send, "removed", None)
        case MessageRemains(send=send):
            return _removal(state, send, "remains")
        case _:
            pass
    return state


def _removal(state: Incident, send: str, became: RemovalState) -> Incident:
    removals = {k: replace(r, state=became) if r.send == send else r for k, r in state.removals.items()}
    return replace(state, removals=removals)


# --- copies of alerts ------------------------------------------------------------------------------------------------


def _copy(state: Incident, send: str, became: CopyState, reason: str | None) -> Incident:
    name = state.alert_of.get(send)
    if name is None:
        return state
    copies = state.alerts[name].copies
    return changed(state, name, copies={**copies, send: replace(copies[send], state=became, reason=reason)})


def _accepted(state: Incident, send: str, message: str, at: datetime) -> Incident:
    """A network accepted something: from the first acceptance for a partner, its silence counts."""
    if send in state.prompts:
        about, partner = state.prompts[send]
        return accepted_prompt(state, about, partner, at)
    name = state.alert_of.get(send)
    if name is None:
        return state
    issued = state.alerts[name]
    copy = replace(issued.copies[send], state="sent", reason=None, message=message, at=at)
    return changed(state, name, copies={**issued.copies, send: copy}, watches=_counting(issued, copy.partner, at))


def _counting(issued: Issued, partner: str, at: datetime) -> dict[str, object]:
    watch = issued.watches.get(partner)
    if watch is None or watch.since is not None:
        return dict(issued.watches)
    return {**issued.watches, partner: replace(watch, since=at)}


def _repeated(state: Incident, send: str, repeat: str | None) -> Incident:
    """The marked copy that follows a message of unknown fate is one of its own, a prompt likewise."""
    if repeat is None:
        return state
    if send in state.prompts:
        others = {one: whom for one, whom in state.prompts.items() if one != send}
        return replace(state, prompts={**others, repeat: state.prompts[send]})
    name = state.alert_of.get(send)
    if name is None:
        return state
    copies = state.alerts[name].copies
    again = replace(copies[send], state="waiting", reason=None)
    state = changed(state, name, copies={**copies, repeat: again})
    return replace(state, alert_of={**state.alert_of, repeat: name})


def _unasked(state: Incident, send: str) -> Incident:
    """A question that no network will accept any more: who has none left cannot be reached."""
    if send not in state.prompts:
        return state
    return replace(state, prompts={one: whom for one, whom in state.prompts.items() if one != send})


# --- messages that are edited in place ---------------------------------------------------------------------------------


def _shown(state: Incident, f: MessageTracked, at: datetime) -> Incident:
    key = (f.role, f.about, f.room)
    before = state.live.get(key)
    live = Live(
        f.role,
        f.about,
        f.partner,
        f.room,
        f.send,
        at,
        before.message if before else None,
        digest=f.digest,
        written_of=state.as_it_is(f.about),
    )
    # An earlier version that has found its end is asked after no more.
    of_send = state.live_of
    if before is not None and not before.waiting:
        of_send = {send: its for send, its in of_send.items() if send != before.send}
    return replace(state, live={**state.live, key: live}, live_of={**of_send, f.send: key})


def _moved(state: Incident, send: str, room: RoomRef) -> Incident:
    """The newest version went to where its room has moved: what it is there is a message of its own, which the next one edits."""
    live = _newest(state, send)
    if live is None or live.room.chat == room.chat:
        return state
    before, after = (live.role, live.about, live.room), (live.role, live.about, room)
    left = {key: one for key, one in state.live.items() if key != before}
    of_send = {one: after if key == before else key for one, key in state.live_of.items()}
    return replace(state, live={**left, after: replace(live, room=room, message=None)}, live_of=of_send)


def _edited(state: Incident, send: str, message: str, at: datetime) -> Incident:
    """The newest version is there. ``message`` names it where it is the first; an edit keeps the name."""
    live = _newest(state, send)
    return state if live is None else _changed(state, live, message=live.message or message, waiting=False, at=at)


def _newest(state: Incident, send: str) -> Live | None:
    """The live message that this Send is the newest version of."""
    key = state.live_of.get(send)
    live = state.live.get(key) if key is not None else None
    return live if live is not None and live.send == send else None


def _changed(state: Incident, live: Live, **changes: Any) -> Incident:
    return replace(state, live={**state.live, (live.role, live.about, live.room): replace(live, **changes)})


def _not_written(state: Incident, send: str, at: datetime) -> Incident:
    """A message could not be edited: it is not there any more, and the next version is a new one. Or it could not be sent at all."""
    live = _newest(state, send)
    if live is None:
        return state
    return _changed(state, live, message=None, waiting=False, digest="", at=at, refused=live.message is None)


def _not_sent(state: Incident, send: str) -> Incident:
    """A version never left: what stands there is an older one."""
    live = _newest(state, send)
    return state if live is None else _changed(state, live, waiting=False, digest="")


def _doubtful(state: Incident, send: str, repeat: str | None, at: datetime) -> Incident:
    """A version may or may not have arrived. Where it is repeated, the repetition is the newest; else nobody knows what stands there."""
    live = _newest(state, send)
    if live is None:
        return state
    if repeat is None:
        return _changed(state, live, waiting=False, digest="", at=at)
    state = _changed(state, live, send=repeat)
    return replace(state, live_of={**state.live_of, repeat: (live.role, live.about, live.room)})
