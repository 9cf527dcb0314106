"""``tocsin verify``: whether a copy of a log is intact, in words, and which entry is not. Needs only the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.x509 import Certificate

from bot.cli_ending import UNANSWERED, Stop, complain
from bot.program import program
from bot.prose import fitted
from bot.settings import REHEARSAL
from playbooks.problems import on_one_line
from storage.entry import unreal
from storage.export.witnessed import checkpoints_in
from storage.facts import DEPLOYMENT
from storage.notes import Verifier
from storage.stamping import roots_in
from storage.verify import EDITABLE, NEED, OLDER, Cosigner, Evidence, Finding, Need, Verdict
from storage.verify import verify as examined

VERDICTS = {0: "Intact.", 1: "TAMPERED WITH.", 2: "It cannot be said whether this is intact."}
OLDER_OR_ROLLED_BACK = "OLDER THAN WHAT YOU KEPT, OR ROLLED BACK."
PACKED_AGAIN = "Intact inside, but not the file that was exported."
UNWITNESSED = "Intact, but not witnessed as was asked for."

_DOUBTS = {
    "not recorded": "the log does not say that this key is theirs",
    "not in the playbook": "no playbook names the key: that it is theirs is the operator's word alone",
    "its playbook is not here": "the playbook that is said to name the key is not in this copy, which must have it",
    "cannot be read": "how the playbook names the key cannot be read here",
    "the log's own key": "it is the key that signs the log itself",
    "another partner's key": "the log has it as another partner's key",
}


_IN_EARNEST = (
    "That is so of every rehearsal, whose rooms are all on one machine. In a real incident the log's state is posted into a room of each partner, each hour as "
    "a rule, and partners' own keys can sign it."
)


def verify(
    path: Path,
    checkpoint: Path | None,
    form: Literal["text", "json"],
    evidence: str | None = None,
    tsa_root: Path | None = None,
) -> int:
    """Verify a bundle, and return the exit code. ``evidence``: what there must be at least, as ``--need`` has it; ``tsa_root``: whose time stamps count."""
    try:
        need = Need.parse(evidence) if evidence is not None else None
    except ValueError as error:
        raise Stop(UNANSWERED, f"--need: {error}") from None
    roots = _roots(tsa_root) if tsa_root is not None else ()
    verdict = examined(path, *(_kept(checkpoint) if checkpoint is not None else ()), roots=roots)
    if need is not None:
        need.demand(verdict)
    if form == "json":
        words = {0: "intact", 1: "tampered", 2: "incomplete"}[verdict.code]
        print(json.dumps({"verdict": words, "first": verdict.first, **asdict(verdict)}, ensure_ascii=False, indent=2))
    else:
        _say(path, verdict)
    return verdict.code


def _kept(file: Path) -> list[str]:
    """The checkpoints in what somebody kept, or the end of the command."""
    try:
        found = checkpoints_in(file.read_bytes())
    except UnicodeDecodeError:
        found = []
    if not found:
        words = "there is no signed checkpoint in it; name the text of one, or an older export of the same log"
        raise Stop(UNANSWERED, f"{file}: {words}")
    return found


def _roots(file: Path) -> Sequence[Certificate]:
    """The certificates that are trusted to stamp the time, or the end of the command."""
    try:
        return roots_in(file.read_bytes())
    except OSError as error:
        raise Stop(UNANSWERED, f"--tsa-root: {file} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise Stop(UNANSWERED, f"--tsa-root: {file}: {error}") from None


def _say(path: Path, verdict: Verdict) -> None:
    """The verdict in words. What a bundle says of itself may be anybody's: it reaches no terminal as a command to it."""
    for finding in verdict.findings:
        if finding.grade != "note":
            complain(on_one_line(f"{path}: {_place(finding)}{finding.words}"))
    rules = {one.rule for one in verdict.findings if one.grade != "note"}
    again = verdict.packed == "again" and rules - {NEED} == {"container"}
    whole = verdict.code == 0 or (verdict.code == 2 and (again or rules == {NEED}))
    older = {one.rule for one in verdict.findings if one.grade == "tampered"} == {OLDER}
    word = (
        OLDER_OR_ROLLED_BACK
        if older
        else PACKED_AGAIN
        if again and whole
        else UNWITNESSED
        if rules == {NEED}
        else VERDICTS[verdict.code]
    )
    print(fitted(on_one_line(f"{word} {_what(verdict)}".rstrip())))
    for finding in verdict.findings:
        if finding.grade == "note":
            print(fitted(on_one_line(f"Note: {_place(finding)}{finding.words}"), 2))
    if whole:
        for line in map(on_one_line, _more(path, verdict)):
            print(line if line.startswith("  ") else fitted(line, 2))


def _more(path: Path, verdict: Verdict) -> Iterator[str]:
    """What else there is to know of a copy whose contents are intact, and what its reader should do."""
    if verdict.packed == "unpacked":
        yield "It was checked file by file, as it was unpacked here."
    yield _shown(verdict)
    yield from _evidence(verdict)
    yield f"Signed by {verdict.key}"
    if verdict.key is not None:
        yield f"Its fingerprint: {Verifier.parse(verdict.key).fingerprint}"
    yield "Compare it with the one you were given by another way, such as by telephone or on paper."
    if verdict.witnessed is not None:
        yield f"The checkpoint you kept is a part of it: its first {_entries(verdict.witnessed)} have not changed since."
        return
    yield "Keep this file. A later export of the same log can be held against it, to show that nothing in it was changed:"
    yield f"  {program()} verify LATER.zip --checkpoint {path if path.is_file() else 'THIS.zip'}"


def _evidence(verdict: Verdict) -> Iterator[str]:
    """Who besides whoever keeps the log can say that it is this one, and up to where."""
    evidence = verdict.evidence
    count = len(evidence.partners)
    if count:
        names = "its key" if count == 1 else "their keys"
        named = f"the playbook names {names}"
        if any(one.unchecked for one in evidence.cosigned):
            named = f"that the playbook names {names} cannot be checked in this copy, which holds no playbook"
        yield f"Evidence: cosigned by {count} {'partner' if count == 1 else 'partners'}; {named}. Compare each fingerprint with the partner:"
        for one in evidence.cosigned:
            if not one.doubt:
                yield from _cosigner(one)
    for posted in evidence.posted:
        rooms = f"{posted.rooms} {'room' if posted.rooms == 1 else 'rooms'} on {posted.network.capitalize()}"
        edits = (
            "the bot can edit what it posted there, so it is worth what partners kept of it"
            if posted.network in EDITABLE
            else "nobody can change a post there without a trace; hold one against this copy with --checkpoint"
        )
        yield f"{'Also' if count else 'Evidence:'} posted in {rooms}, up to its first {_entries(posted.size)}: {edits}."
    yield from _stamped(evidence)
    if evidence.worth == "self-asserted" and verdict.witnessed is None:
        yield "Evidence: self-asserted. No witness has seen this log: it rests on the word of whoever keeps it."
        if _played(verdict).startswith("REHEARSAL"):
            yield _IN_EARNEST
    for one in evidence.cosigned:
        if one.doubt:
            yield f"{one.partner} is said to have signed it too. That does not count: {_DOUBTS[one.doubt]}."
            yield from _cosigner(one)
    upto = max(evidence.upto, verdict.witnessed or 0)
    if verdict.size is not None and 0 < upto < verdict.size:
        yield f"What came after entry {upto - 1} (up to {verdict.size - 1}) rests on the word of whoever keeps the log."


_STAMPS = {
    "": "signed by whom you trust, by a clock that is not the keeper's. That nobody was shown another log it does not say",
    "another authority": "that does not count, its signature does not lead to the certificate that you gave",
    "not checked": "not checked; give the authority's root certificate: --tsa-root FILE",
}


def _stamped(evidence: Evidence) -> Iterator[str]:
    """What the time stamps say, of each worth the last."""
    for doubt, words in _STAMPS.items():
        some = [one for one in evidence.stamped if one.doubt == doubt]
        if some:
            last = some[-1]
            count = "a time stamp" if len(some) == 1 else f"{len(some)} time stamps, the last"
            by = last.authority or "an authority"
            yield f"It carries {count} by {by}, of {_readable(last.at)} over its first {_entries(last.size)}: {words}."


def _cosigner(one: Cosigner) -> Iterator[str]:
    late = ", which is after what it signed" if one.since is not None and one.since >= one.size else ""
    since = "never recorded in the log" if one.since is None else f"known to the log since entry {one.since}{late}"
    yield f"  {one.partner} signed its first {_entries(one.size)}; the key is {since}"
    if one.unchecked:
        yield f"    that the playbook names the key as {one.partner}'s cannot be checked in this copy"
    yield f"    fingerprint {one.fingerprint}"
    yield f"    {one.vkey}"


def _shown(verdict: Verdict) -> str:
    if not verdict.withheld:
        return f"It shows everything: all {verdict.disclosed} details of its entries."
    of = verdict.disclosed + verdict.withheld
    return f"It shows {verdict.disclosed} of the {of} details of its entries; {verdict.withheld} {'is' if verdict.withheld == 1 else 'are'} withheld."


def _entries(count: int) -> str:
    return f"{count} entries" if count != 1 else "entry"


_ARTICLE = {"auditor": "an auditor"}


def _what(verdict: Verdict) -> str:
    if verdict.stream is None or verdict.size is None:
        return ""
    reader = f", copied for {_ARTICLE.get(verdict.reader, verdict.name)}" if verdict.reader else ""
    signed = f", signed {_readable(verdict.signed_at)}" if verdict.signed_at else ""
    return f"{_played(verdict)}The log of {verdict.stream}, kept by {verdict.deployment}: {verdict.size} {'entry' if verdict.size == 1 else 'entries'}{signed}{reader}."


def _played(verdict: Verdict) -> str:
    """That nothing of it was real, in a word; rehearsals have a log of rooms and people of their own, which says so too."""
    stream = verdict.stream or ""
    if stream == DEPLOYMENT and (verdict.deployment or "").endswith(REHEARSAL):
        return "REHEARSAL: "
    return f"{words.split()[0]}: " if (words := unreal(stream)) else ""


def _readable(at: str) -> str:
    try:
        return f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError):
        return at


def _place(finding: Finding) -> str:
    entry = f"entry {finding.entry}" if finding.entry is not None else ""
    if entry and finding.words.startswith(entry):
        return ""
    where = ", ".join(part for part in (entry, f"field {finding.field}" if finding.field else "") if part)
    return f"{where}: " if where else ""
