"""``tocsin checkpoint``, ``witness`` and ``rotate-key``: the log's state for those who keep it, their signatures, and the key that signs it.

``witness new`` and ``witness sign`` are for a partner, on a machine of its own: they need neither settings nor network.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from itertools import chain, count
from pathlib import Path

from bot import filed
from bot.cli_ending import BAD, FINE, UNANSWERED, Stop
from bot.cli_reading import OPERATOR
from bot.clock import SystemClock
from bot.kept import bytes_of, notes_in, said
from bot.settings import Settings
from playbooks.lint_partners import how_to_name, names_plainly
from playbooks.load import Book, PlaybookErrors, parse
from storage import rotation, witness
from storage.cosigning import Cosigned, Request, Witness, WitnessKey
from storage.database import SqliteStore, hold, open_store
from storage.evidence import refusal
from storage.governing import in_force
from storage.keys import is_there
from storage.notes import BadNote, parse_checkpoint, split_note
from storage.standing import WORST

# --- the operator --------------------------------------------------------------------------------------------------------


def checkpoint(settings: Settings, incident: str, since: int | None, out: Path | None, against: Path | None) -> int:
    """Write what a witness is asked to sign, or hold what it kept against the log. ``since``: what the witness signed; None: as far as the log knows."""
    if (out is None) == (against is None):
        both = "one of the two, not both" if out is not None else "one of the two"
        raise Stop(
            UNANSWERED,
            f"give {both}: -o FILE to write a checkpoint for a witness, or --against FILE to compare what one kept",
        )
    return asyncio.run(_checkpoint(settings, incident, since, out, against))


async def _checkpoint(
    settings: Settings, incident: str, since: int | None, out: Path | None, against: Path | None
) -> int:
    try:
        async with filed.found(settings, incident) as (store, stream, _):
            if against is not None:
                return await _against(store, stream, against)
            assert out is not None
            signed = _signed_last(await store.cosigned(stream))
            start = min(signed.values(), default=0) if since is None else since
            request = await store.request(stream, start, await filed.now(store))
            vkey = store.signer.verifier.vkey
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None
    _write(out, request.text)
    size = parse_checkpoint(split_note(request.note)[0]).size
    known = (
        f"continuing the {start} that the witness signed" if start else "for a witness that has signed none of it yet"
    )
    print(f"{out} has the state of the log of {stream}: {size} entries, {known}.")
    if since is None and len(signed) > 1:
        each = ", ".join(f"{partner} --since {count}" for partner, count in signed.items())
        print(f"The log knows several witnesses, each needs a file from where it signed last: {each}.")
    print("Send it to the partner, who signs it on a machine of its own:")
    print(f"  tocsin witness sign {out.name} --key KEYFILE --memory MEMORYFILE -o SIGNED")
    print(f"The first time it needs your key, told by telephone or on paper:  --vkey {vkey}")
    return FINE


def _signed_last(cosigned: Iterable[Cosigned]) -> dict[str, int]:
    """How many entries each witness signed last, by partner."""
    last: dict[str, int] = {}
    for one in cosigned:
        last[one.partner] = max(last.get(one.partner, 0), _size(one.note))
    return last


async def _against(store: SqliteStore, stream: str, path: Path) -> int:
    """The worst of what a file has of this log; of another's, where it has nothing of this one."""
    found = await store.compared_all(notes_in(path))
    compared = min(found, key=lambda one: (one.stream != stream, WORST.index(one.stands)))
    if compared.stands != "part" or compared.stream != stream or compared.said is None:
        code = BAD if compared.stands in ("rolled back", "replaced") else UNANSWERED
        raise Stop(code, refusal(stream, compared))
    print(
        f"The log of {stream} stands: its first {compared.said.size} entries are those that the witness saw; now there are {compared.size}."
    )
    return FINE


def add(settings: Settings, incident: str, path: Path, partner: str | None, vkey: str | None) -> None:
    """Keep what a partner signed."""
    if (partner is None) != (vkey is None):
        raise Stop(
            UNANSWERED, "--partner and --vkey go together: whose key it is, and the key that the partner told you"
        )
    asyncio.run(_add(settings, incident, path, partner, vkey))


async def _add(settings: Settings, incident: str, path: Path, partner: str | None, vkey: str | None) -> None:
    note = max(notes_in(path), key=_size)
    try:
        async with filed.found(settings, incident) as (store, stream, _):
            digest, book = await _agreed(store, stream)
            whose, key, confirmed = _whose(book, note, partner, vkey)
            fact = await store.keep_cosigned(
                stream, note, whose, key, await filed.now(store), playbook=digest, confirmed=confirmed
            )
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None
    print(f"Kept: {whose} signed the log of {stream} at {fact.size} entries. Every export from now on carries it.")
    if confirmed:
        print(f"Compare the key's fingerprint with them, by telephone: {Witness.parse(key).fingerprint}")
    else:
        print(
            f"That this key is {whose}'s is your word alone, and no evidence: name it in the playbook (partners: {whose}: witness), and add this again."
        )


async def _agreed(store: SqliteStore, stream: str) -> tuple[str | None, Book | None]:
    """The playbook that a stream goes by now, where it can still be read."""
    digest = in_force(await store.facts(stream))
    source = await store.playbook(digest) if digest is not None else None
    try:
        return digest, parse(source, stream) if source is not None else None
    except PlaybookErrors:
        return digest, None


def _whose(book: Book | None, note: str, partner: str | None, vkey: str | None) -> tuple[str, str, bool]:
    """Whose signature a note has: partner, key, and whether the playbook says so."""
    known = {name: who.witness for name, who in book.playbook.partners.items() if who.witness} if book else {}
    if partner is not None and vkey is not None:
        if book is not None and partner not in book.playbook.partners:
            raise Stop(
                UNANSWERED,
                f"--partner {partner}: the playbook has no such partner; it has {', '.join(book.playbook.partners)}",
            )
        if known.get(partner, vkey) != vkey:
            raise Stop(UNANSWERED, f"--vkey: by the playbook the key of {partner} is {known[partner]}")
        return partner, vkey, partner in known and _plain(book, partner, vkey)
    try:
        text, signatures = split_note(note)
    except BadNote as error:
        raise Stop(UNANSWERED, f"this is no signed checkpoint: {error}") from None
    for name, key in known.items():
        if any(Witness.parse(key).signed_at(one, text) for one in signatures):
            return name, key, _plain(book, name, key)
    raise Stop(
        UNANSWERED,
        "no key that the playbook names (partners: … witness) signed this; "
        "if you know whose it is, give --partner PARTNER --vkey KEY, and the log will say that it is your word",
    )


def _plain(book: Book | None, partner: str, key: str) -> bool:
    """That the playbook names the key so that every verifier finds it. Raises Stop where it does not: then the signature would count nowhere."""
    if book is not None and not names_plainly(book.source, partner, key):
        raise Stop(
            UNANSWERED,
            f"the playbook has the key of {partner} written so that not every verifier of a log can read whose it is: "
            f"{how_to_name(partner, key)}, load the playbook again (/playbook reload), and add this again",
        )
    return True


def rotate(settings: Settings, reason: str) -> None:
    """Sign with a new key from here on."""
    if not reason.strip():
        raise Stop(UNANSWERED, "--reason is empty; say why the key is replaced, it is recorded")
    asyncio.run(_rotate(settings, reason.strip()))


async def _rotate(settings: Settings, reason: str) -> None:
    none = Stop(UNANSWERED, f"there is no log yet in {settings.data}; nothing to rotate")
    if not (settings.data / settings.database_file).is_file():
        raise none
    with hold(settings.data):
        store = await open_store(settings.data, settings.name, settings.database_file, key="borrow")
        try:
            if not is_there(settings.data) or not await store.heads():
                raise none
            old = store.signer.verifier
            link_file = _free(settings.data / f"signing.{old.key_id.hex()}.link")
            link = await store.replace_key(reason, OPERATOR, await filed.now(store))
            new = store.signer.verifier
            wrong = await store.health()
        finally:
            await store.close()
    _write(link_file, link)
    print(f"The log of {settings.data} is signed with a new key from now on:  {new.vkey}")
    print(f"The old one is kept as signing.{old.key_id.hex()}.key. Both signed {link_file}: send it to every witness,")
    print("who gives it the next time, with what `tocsin checkpoint` wrote:")
    print(f"  tocsin witness sign FILE --key KEYFILE --memory MEMORYFILE --link {link_file.name} -o SIGNED")
    print(
        "Who has signed nothing since an earlier one needs that too: --link once for each, in any order, or --link keys.jsonl,"
    )
    print("which has them all and is in every copy of a log (`tocsin export`).")
    if any(path.name == filed.REHEARSAL_FILE for path in filed.places(settings)):
        print(f"Rehearsals, in {settings.rehearsal_folder}, are signed with a key of their own: it stays as it was.")
    print("Back up signing.key anew, apart from the database.")
    if wrong:
        raise Stop(BAD, *(f"{what}: {todo}" for what, todo in wrong))


# --- the witness ---------------------------------------------------------------------------------------------------------


def new(name: str, out: Path) -> None:
    """Make a key for a witness."""
    try:
        key = WitnessKey.new(name)
    except BadNote as error:
        raise Stop(UNANSWERED, str(error)) from None
    witness.keep_key(out, key)
    print(f"{out} is your private key: keep it to yourself, with a copy in a safe place.")
    print(f"Its fingerprint, for whoever rings to compare it: {key.witness.fingerprint}")
    print(
        'This is the public one; give it to the operator, for the playbook: below your partner, on one line, `witness: "…"`'
    )
    print(key.witness.vkey)


def sign(path: Path, key_file: Path, memory: Path, out: Path, vkey: str | None, link_files: Sequence[Path]) -> int:
    """Cosign what an operator sent, if it continues what was signed before. ``link_files``: of the log's keys, in any order."""
    key = witness.read_key(key_file)
    if out.exists():
        raise Stop(UNANSWERED, f"{out} exists: name another file")
    try:
        request = Request.parse(_text(path))
        links = [note for file in link_files for note in _links(file)]
        before = witness.read(memory).last(parse_checkpoint(split_note(request.note)[0]).origin)
        signed = witness.cosign(memory, key, request, SystemClock().now(), vkey, links)
    except BadNote as error:
        raise Stop(
            UNANSWERED, f"{path}: {error}; ask the operator for the file that `tocsin checkpoint` wrote"
        ) from None
    except witness.Contradicted as why:
        raise Stop(BAD, str(why)) from None
    except witness.NotCosigned as why:
        raise Stop(UNANSWERED, f"not signed: {why}") from None
    _write(out, signed)
    said = parse_checkpoint(split_note(signed)[0])
    deployment, _, stream = said.origin.rpartition("/")
    past = (
        f"It continues the {before.size} that you signed before."
        if before
        else "It is the first that you sign of this log."
    )
    print(f"Signed: the log of {stream}, kept by {deployment}, at {said.size} entries. {past}")
    print(f"Send {out} back to the operator, and keep {memory}: it is how you notice a log that was rolled back.")
    return FINE


# --- files ---------------------------------------------------------------------------------------------------------------


def _size(note: str) -> int:
    found = said(note)
    return found.size if found is not None else -1


def _text(path: Path) -> str:
    try:
        return bytes_of(path).decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Stop(UNANSWERED, f"{path} is no text: name the file that the operator sent") from None


def _links(path: Path) -> list[str]:
    """The links of a log's keys in a file. Raises Stop where it has anything else."""
    try:
        found = rotation.in_file(_text(path))
        for note in found:
            rotation.parse_link(note)
    except BadNote as error:
        raise Stop(
            UNANSWERED,
            f"--link {path}: {error}; name the link that the operator sent (signing.….link), or keys.jsonl out of a copy of a log",
        ) from None
    return found


def _free(path: Path) -> Path:
    """The name, or one after it that no file has: sought before a key is replaced, whose link would be written nowhere."""
    names = (path.with_name(f"{path.stem}.{number}{path.suffix}") for number in count(2))
    return next(one for one in chain((path,), names) if not os.path.lexists(one))


def _write(path: Path, text: str) -> None:
    """A new file, on the disk; nothing is written over."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        raise Stop(UNANSWERED, f"{path} exists: name another file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
