"""``tocsin erase``, ``hold`` and ``retention``: what is forgotten of the log, by which right, and what must not be."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from shlex import quote

from bot import filed, wiring
from bot.cli_ending import UNANSWERED, Stop, complain
from bot.cli_reading import OPERATOR
from bot.program import program
from bot.retaining import overdue
from bot.settings import Settings
from storage import erasing
from storage.database import SqliteStore
from storage.erasing import Erasure, Overdue, Refused
from storage.facts import DEPLOYMENT, FieldErased, HoldLifted, HoldPlaced, timestamp
from storage.facts.codec import parts
from storage.facts.personal import is_account
from storage.store import Kept

_PERSON = re.compile(r"[Pp]-?0*(\d+)")

MOST = 50
"""So many fields are listed."""

AROUND = 4
"""Words shown on each side of the one that may be a name."""

WIDEST = 120
"""Letters shown of a field."""


def erase(
    settings: Settings, what: str, entry: int | None, path: str | None, reason: str, basis: str, dry: bool
) -> None:
    """Erase a person's data, or one field of an entry; or (``dry``) say what would go."""
    if (entry is None) != (path is None):
        raise Stop(
            UNANSWERED,
            "--entry and --field go together: an entry's number, and one of its fields, as `tocsin log` names it",
        )
    _stated(reason, basis)
    asyncio.run(_erase(settings, what, entry, path, reason.strip(), basis.strip(), dry))


async def _erase(
    settings: Settings, what: str, entry: int | None, path: str | None, reason: str, basis: str, dry: bool
) -> None:
    try:
        if entry is not None and path is not None:
            async with filed.found(settings, what) as (store, stream, _):
                found = await erasing.of_field(store, stream, entry, path, by=OPERATOR, reason=reason, basis=basis)
                await _carry_out(settings, store, found, dry)
            return
        async with filed.existing(settings) as store:
            found = await erasing.of_person(store, _person(what), by=OPERATOR, reason=reason, basis=basis)
            await _carry_out(settings, store, found, dry)
    except (Refused, filed.NotOnFile) as why:
        raise Stop(UNANSWERED, str(why)) from None


async def _carry_out(settings: Settings, store: SqliteStore, erasure: Erasure, dry: bool) -> None:
    for stream, entries in erasure.entries.items():
        print(
            f"{stream}: {entries} {'entry' if entries == 1 else 'entries'} {'would show' if dry else 'will show'} less"
        )
    told = [(stream, fact.entry, fact.path) for stream, fact in erasure.facts if isinstance(fact, FieldErased)]
    if dry and erasure.keys and told:
        print("Of what is not theirs alone, this names or quotes them, and would go:")
        await _listed(store, erasure, told, erasable=False)
    doubtful = [one for one in erasure.doubtful if one[0] != DEPLOYMENT]
    if doubtful:
        print(
            "Here their name may also be another word, or somebody else's. It stays; where it is them, run what stands below:"
        )
        await _listed(store, erasure, doubtful, erasable=True)
    if len(doubtful) < len(erasure.doubtful):
        print(
            "Of who is who no single field can be erased. Here, too, it may be another word, and stays; tell whoever asked:"
        )
        await _listed(store, erasure, [one for one in erasure.doubtful if one[0] == DEPLOYMENT], erasable=False)
    if dry:
        print("Nothing was erased: this was a dry run.")
        return
    # First: were the log emptied and this not, nothing would be found of them the next time.
    if erasure.mentions is not None and (kept := wiring.forget(settings, erasure.mentions)) is not None:
        raise Stop(
            UNANSWERED,
            f"{kept} may name them too and could not be written, so the log is as it was: stop the bot, "
            "see that this user may write the file, and try again",
        )
    whole = await store.destroy(erasure, await filed.now(store))
    print("Erased, and recorded with your reason. The log verifies as before; what is gone shows as withheld.")
    _emptied(whole)
    if erasure.keys:
        print(
            "Old copies of persons.keys must be destroyed too: with them a backup of the database could still be read."
        )


def _emptied(whole: bool) -> None:
    """Say, apart from what the command answers, where what was destroyed still stands: in the write-ahead log, if that could not be emptied."""
    if not whole:
        complain("Another program reads the database: its -wal file holds what was erased until all have closed it.")


async def _listed(
    store: SqliteStore, erasure: Erasure, fields: Sequence[tuple[str, int, str]], *, erasable: bool
) -> None:
    """Each field: where it is, what it says, and (``erasable``) the command that erases it."""
    kept: dict[tuple[str, int], Kept] = {}
    for stream in dict.fromkeys(stream for stream, _, _ in fields[:MOST]):
        entries = {entry for where, entry, _ in fields[:MOST] if where == stream}
        kept |= {(stream, one.seq): one for one in await store.facts(stream, min(entries)) if one.seq in entries}
    for stream, entry, path in fields[:MOST]:
        one = kept[stream, entry]
        print(f"  {stream}, entry {entry} of {one.at:%Y-%m-%d %H:%M} UTC, {path}: {_excerpt(one, path, erasure)}")
        if erasable:
            print(f"    {program()} erase {stream} --entry {entry} --field {quote(path)} --reason TEXT --basis TEXT")
    if len(fields) > MOST:
        print(f"  … and {len(fields) - MOST} more")


def _excerpt(kept: Kept, path: str, erasure: Erasure) -> str:
    """The words around the first one for which a field is listed; all of it where that is not one word."""
    said = parts(kept.fact).get(path)
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    words = "".join(sign if sign.isprintable() else " " for sign in text).split()
    named = [
        place for place, word in enumerate(words) if erasure.mentions is not None and erasure.mentions.may_be_in(word)
    ]
    start = max(named[0] - AROUND, 0) if named else 0
    shown = " ".join(words[start : start + 2 * AROUND + 1])
    cut = shown if len(shown) <= WIDEST else shown[:WIDEST]
    return f"“{'… ' if start else ''}{cut}{' …' if cut != shown or start + 2 * AROUND + 1 < len(words) else ''}”"


def hold(settings: Settings, on: str | None, reason: str, lift: bool) -> None:
    """Place a legal hold on an incident or a person, or lift it; without either, list those that lie."""
    if on is not None and not reason.strip():
        raise Stop(UNANSWERED, "--reason is missing: say why, such as the court and its order; it is recorded")
    try:
        asyncio.run(_list_holds(settings) if on is None else _hold(settings, on.strip(), reason.strip(), lift))
    except (Refused, filed.NotOnFile) as why:
        raise Stop(UNANSWERED, str(why)) from None


async def _hold(settings: Settings, on: str, reason: str, lift: bool) -> None:
    if _PERSON.fullmatch(on) or is_account(on):
        async with filed.existing(settings) as store:
            # Whoever was held once can be let go, whatever is left of them.
            whose = erasing.person_of if lift else erasing.known
            await _place(store, await whose(store, _person(on)), reason, lift)
        return
    async with filed.found(settings, on) as (store, stream, _):
        await _place(store, stream, reason, lift)


async def _place(store: SqliteStore, on: str, reason: str, lift: bool) -> None:
    lying = await erasing.holds(store)
    if lift and on not in lying:
        raise Stop(UNANSWERED, f"no legal hold lies on {on}")
    if not lift and on in lying:
        raise Stop(UNANSWERED, f"a legal hold lies on {on} already: {lying[on].reason}")
    fact = HoldLifted(on, OPERATOR, reason) if lift else HoldPlaced(on, OPERATOR, reason)
    await store.append(DEPLOYMENT, fact, now=await filed.now(store))
    print(
        f"The legal hold on {on} is lifted."
        if lift
        else f"Nothing of {on} can be erased now, until the hold is lifted."
    )


async def _list_holds(settings: Settings) -> None:
    async with filed.existing(settings) as store:
        lying = await erasing.holds(store)
    for on, fact in sorted(lying.items()):
        print(f"{on:<6} {fact.reason}")
    if not lying:
        print("There is no legal hold.")


def retention(settings: Settings, reason: str, dry: bool, as_json: bool) -> None:
    """Destroy what the logs hold whose time is over by their playbooks, or (``dry``) say which those are."""
    if not dry:
        _stated(reason, "the playbook")
    try:
        asyncio.run(_retention(settings, reason.strip(), dry, as_json))
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None


async def _retention(settings: Settings, reason: str, dry: bool, as_json: bool) -> None:
    async with filed.existing(settings) as store:
        now = await filed.now(store)
        found = await overdue(store, now)
        erasure = erasing.of_logs(found, by=OPERATOR, reason=reason)
        whole = dry or not erasure.facts or await store.destroy(erasure, now)
        if as_json:
            print(json.dumps({"incidents": [_row(one) for one in found]}, ensure_ascii=False, indent=2))
        else:
            _say(found, dry)
            if any(path.name == filed.REHEARSAL_FILE for path in filed.places(settings)):
                print(f"Rehearsals, in {settings.rehearsal_folder}, are left out.")
        _emptied(whole)


def _say(found: list[Overdue], dry: bool) -> None:
    for one in found:
        print(f"{one.incident:<6} closed {one.closed_at:%Y-%m-%d}  {_what(one, dry)}")
    if not found:
        print("No incident on file is closed.")
    elif dry:
        print("Nothing was erased: this was a dry run.")


def _what(one: Overdue, dry: bool) -> str:
    if one.erased:
        return "erased already"
    if one.keep is None:
        return "kept: its playbook cannot be read any more, so nothing says for how long"
    until = f"{one.closed_at + one.keep:%Y-%m-%d}"
    if not one.over:
        return f"kept until {until}"
    if one.held is not None:
        return f"its time was over on {until}; kept, a legal hold lies on it: {one.held}"
    return f"its time was over on {until}: {'would be erased' if dry else 'erased'} ({one.size} entries)"


def _row(one: Overdue) -> dict[str, object]:
    return {
        "incident": one.incident,
        "closed_at": timestamp(one.closed_at),
        "keep_days": one.keep.days if one.keep is not None else None,
        "over": one.over,
        "hold": one.held,
        "erased": one.erased,
        "entries": one.size,
    }


def _person(what: str) -> str:
    """``p3`` and ``P-03`` are one person; an account is taken as it is."""
    short = _PERSON.fullmatch(what.strip())
    return f"P-{short[1]}" if short else what.strip()


def _stated(reason: str, basis: str) -> None:
    if not reason.strip():
        raise Stop(UNANSWERED, "--reason is missing: say why; it is recorded")
    if not basis.strip():
        raise Stop(UNANSWERED, "--basis is missing: say by which right, such as GDPR art. 17(1); it is recorded")
