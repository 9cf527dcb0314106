"""For whom a copy can be made, from the log alone: an auditor, or a partner of the playbooks that the incident went by, or a guest."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Protocol

from playbooks.load import PlaybookErrors, parse
from storage.export.for_whom import AUDITOR, Recipient
from storage.export.view import people_of
from storage.facts import DEPLOYMENT
from storage.store import Kept, StorageError, StreamHead

_DIGEST = re.compile(rb'"playbook_sha256":"([0-9a-f]{64})"')


class Source(Protocol):
    """What is read of the store."""

    async def heads(self) -> Sequence[StreamHead]: ...
    async def facts(self, stream: str, start: int = 0) -> Sequence[Kept]: ...
    async def playbook(self, digest: str) -> bytes | None: ...
    def entries(self, stream: str) -> AsyncIterator[tuple[int, bytes, list[list[object]]]]: ...


class NoSuchRecipient(StorageError):
    """There is no such partner. The message says which there are, and which was perhaps meant."""


@dataclass(slots=True)
class Known:
    """The partners that a stream knows: id → name, and which language each reads; ``listed``: those of whom everyone may know. ``zone``, ``language``: the
    time zone and the first language of its last playbook."""

    names: dict[str, str] = field(default_factory=dict)
    languages: dict[str, str] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()
    zone: str = "UTC"
    language: str = "en"


async def recipient(store: Source, stream: str, wanted: str) -> tuple[Recipient, str]:
    """For whom (``auditor``, a partner's id or its name), with the time zone of the incident. Raises NoSuchRecipient.

    A partner may know of those that every version of the playbook lists, of itself, and of guests, who are announced to everyone.
    """
    if wanted.casefold() == AUDITOR.id:
        last = await _last(store, stream)
        return replace(AUDITOR, language=last.language), last.zone
    known = await partners(store, stream)
    by_name = {name.casefold(): partner for partner, name in known.names.items()}
    partner = wanted if wanted in known.names else by_name.get(wanted.casefold())
    if partner is None:
        partner = next((one for one in known.names if one.casefold() == wanted.casefold()), None)
    if partner is None:
        raise NoSuchRecipient(_nobody(stream, wanted, known))
    people = people_of(partner, await store.facts(DEPLOYMENT))
    language = known.languages.get(partner, known.language)
    return Recipient(partner, known.names[partner], known.listed | {partner}, people, language), known.zone


async def partners(store: Source, stream: str) -> Known:
    """The partners that a stream knows. What a version of the playbook cannot be read from does not count."""
    known = Known()
    unlisted: set[str] = set()
    seen: set[bytes] = set()
    async for _, data, disclosed in store.entries(stream):
        digest = _DIGEST.search(data)
        if digest is not None and digest[1] not in seen:
            seen.add(digest[1])
            unlisted |= await _read(store, digest[1].decode(), known)
        if b'"type":"PartnerAdmitted"' in data:
            values = {path: value for _, path, value in disclosed}
            partner, name = values.get("partner"), values.get("name")
            if isinstance(partner, str):  # else it was erased: nobody can ask for a copy by a name that is gone
                known.names[partner] = name if isinstance(name, str) else partner
        elif b'"type":"RoomBound"' in data:
            bound = next((str(value) for _, path, value in disclosed if path == "partner"), None)
            if bound is not None:
                known.names.setdefault(bound, bound)
                unlisted.add(bound)  # of a deployment's partners, none need know of another
    known.listed = frozenset(known.names) - unlisted
    return known


async def _last(store: Source, stream: str) -> Known:
    """What is known by the playbook that the last entry was decided under, of those that were under any: readings of the log are under none."""
    size = next((head.size for head in await store.heads() if head.stream == stream), 0)
    known, far, digest = Known(), 1, None
    while digest is None and far < 2 * size:
        last = await store.facts(stream, max(0, size - far))
        digest = next((kept.playbook_sha256 for kept in reversed(last) if kept.playbook_sha256 is not None), None)
        far *= 2
    if digest is not None:
        await _read(store, digest, known)
    return known


async def _read(store: Source, digest: str, known: Known) -> set[str]:
    """Learn a playbook's partners; those that it does not list."""
    body = await store.playbook(digest)
    if body is None:
        return set()
    try:
        playbook = parse(body, digest).playbook
    except PlaybookErrors:
        return set()
    known.names.update({partner: who.name for partner, who in playbook.partners.items()})
    known.zone = str(playbook.timezone)
    known.language = playbook.languages[0]
    for partner, who in playbook.partners.items():
        land = playbook.jurisdictions[who.jurisdiction].language
        known.languages[partner] = next(iter(who.languages), land or known.language)
    return {partner for partner, who in playbook.partners.items() if not who.listed}


def _nobody(stream: str, wanted: str, known: Known) -> str:
    there = [AUDITOR.id, *sorted(known.names)]
    called = {name.casefold(): partner for partner, name in known.names.items()} | {one: one for one in there}
    near = get_close_matches(wanted.casefold(), called, n=1, cutoff=0.6)
    meant = f"did you mean {called[near[0]]}? " if near else ""
    return f"{stream} knows no partner {wanted}; {meant}there are: {', '.join(there)}"
