"""What the doctor says of the log: whether it is the one that was signed, and the one that somebody else kept a checkpoint of; its key; what is due."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

from bot.clock import Clock
from bot.findings import Finding
from bot.program import program
from bot.retaining import overdue
from bot.settings import Settings
from storage import persons
from storage.checkpoints import FILE
from storage.database import SqliteStore
from storage.facts import DEPLOYMENT
from storage.keys import KEY
from storage.rotation import parse_link
from storage.store import RESTORE, Compared

APART = timedelta(minutes=2)
"""So far an authority's clock may be from ours."""


async def log(settings: Settings, store: SqliteStore, clock: Clock, notes: Sequence[str]) -> AsyncIterator[Finding]:
    """Everything about the log. ``notes``: checkpoints that somebody kept."""
    wrong = await store.health()
    for says, todo in wrong:
        yield Finding("fail", "log", says, todo)
    if not wrong:
        entries = sum(head.size for head in await store.heads())
        yield Finding("ok", "log", f"{entries} entries are kept, and none was lost since they were last signed")
    if lacking := await store.unremembered():
        some = ", ".join(lacking[:5]) + (" and others" if len(lacking) > 5 else "")
        says = f"{settings.data / FILE} knows nothing of what was signed last of {some}: it was removed, or is an older one"
        todo = (
            f"nobody but a partner can tell now whether the database is older too: {program()} doctor --checkpoint FILE"
        )
        yield Finding("warn", "log", says, todo)
    for compared in await store.compared_all(notes):
        yield _stands(compared)
    facts = await store.facts(DEPLOYMENT)
    if facts and facts[-1].at > clock.now() + timedelta(minutes=1):
        says = f"the log's last entry is of {facts[-1].at:%Y-%m-%d %H:%M} UTC, later than now"
        yield Finding("fail", "clock", says, "set the clock right")
    late = [
        one.incident for one in await overdue(store, clock.now()) if one.over and not one.erased and one.held is None
    ]
    if late:
        says = f"the time for which {', '.join(late)} {'is' if len(late) == 1 else 'are'} to be kept is over"
        yield Finding("warn", "log", says, f"see what would go: {program()} retention --dry-run")
    if (settings.data / persons.FILE).exists():
        says = f"{settings.data / persons.FILE} has a key for each person in the log; keep a copy apart from the backups of the database"
        yield Finding("ok", "persons", f"{says}, and destroy old copies once somebody is erased")
    yield await _key(settings, store)
    async for finding in _stamps(settings, clock):
        yield finding


def _stands(found: Compared) -> Finding:
    """How one log stands to what somebody kept of it."""
    origin, size = (found.said.origin, found.said.size) if found.said is not None else ("", 0)
    match found.stands:
        case "part":
            says = f"the log of {found.stream} stands: its first {size} entries are those that were kept; now there are {found.size}"
            return Finding("ok", "kept", says)
        case "rolled back":
            says = f"ROLLED BACK: {size} entries of {found.stream} were kept, and here are {found.size}; an older database was put back"
            return Finding("fail", "kept", says, RESTORE)
        case "replaced":
            says = f"REPLACED: the first {size} entries of {found.stream} are not those that were kept"
            return Finding("fail", "kept", says, RESTORE)
        case "not ours" | "no checkpoint":
            says = f"no key that is known here signed what was kept of {origin}"
            todo = (
                "if the key was replaced since, an older data folder was put back: restore the newest; "
                "else ask whoever kept it where it comes from"
            )
            return Finding("fail", "kept", says, todo)


async def _stamps(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Whether the time-stamping authority gives a stamp now, of nothing that is anybody's."""
    from bot.stamping import Authority, Unstamped

    try:
        authority = Authority.chosen(settings)
        if authority is None:
            return
        stamp = await authority.stamp(f"{settings.name}/doctor\n")
    except (Unstamped, OSError, ValueError) as error:
        todo = "look at TOCSIN_TIMESTAMPS and TOCSIN_TIMESTAMPS_CA; the log goes on without, and asks again with each checkpoint"
        yield Finding("warn", "time stamps", str(error), todo)
        return
    by = stamp.authority or "an authority"
    if abs(stamp.at - clock.now()) > APART:
        says = f"{by} says that it is {stamp.at:%Y-%m-%d %H:%M} UTC, and here it is {clock.now():%Y-%m-%d %H:%M} UTC"
        yield Finding("warn", "time stamps", says, "set the clock right, or name another authority")
    elif authority.roots:
        yield Finding("ok", "time stamps", f"{by} gives them, and they lead to {settings.timestamps_ca}")
    else:
        todo = "set TOCSIN_TIMESTAMPS_CA to its root certificate (PEM), so that each is checked when it comes"
        yield Finding("warn", "time stamps", f"{by} gives them, and nobody checks who signed them", todo)


async def _key(settings: Settings, store: SqliteStore) -> Finding:
    key = settings.data / KEY
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & 0o077:
        todo = f"chmod 600 {key}, and tell the partners that it may be known"
        return Finding("fail", "key", f"others can read {key} (mode {mode:o})", todo)
    chain = await store.key_chain()
    since = f"; it took the place of another on {parse_link(chain[-1]).at[:10]}" if chain else ""
    return Finding(
        "ok",
        "key",
        f"{key} signs the log (mode {mode:o}){since}; keep a copy of it apart from the backups of the database. "
        f"Its fingerprint, for partners who ring: {store.signer.verifier.fingerprint}",
    )
