"""The answers of ``tocsin ask`` in lines of at most 80 columns, in the incident's own time, each with the entries that prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby

from bot.columns import (
    below,
    disclosed_of,
    each_once,
    fate_of,
    lines_of,
    name_of,
    person_of,
    place_of,
    proofs,
    rooms_of,
    under,
    value_of,
)
from playbooks.load import Book
from playbooks.rooms import RoomRef
from playbooks.selection import local_time
from storage import gone
from storage.entry import unreal
from storage.inquiry import (
    AlertAnswers,
    Asked,
    Doubt,
    Reading,
    Saw,
    Seen,
    Sight,
    Tenure,
    WhoSaw,
    Withheld,
    Withholding,
)
from storage.plain import REASONS
from storage.store import Kept

_NOT_REACHED = {"held": "held back", "roomless": "no room is known", "blind": "may not see where it is"}
_ENDED = {"replaced": "another lead followed", "covered": "another lead covers it", "closed": "the incident was closed"}
_HOW = {
    "wrote": "wrote it",
    "asked for": "asked for it to be sent",
    "confirmed": "confirmed it",
    "issued": "issued it",
    "agreed": "agreed to it as the second person",
    "supplied": "gave other values for one partner",
    "said": "said it",
}
_BEGAN = {"phase": "offered with the phase", "hand": "handed over", "silence": "offered because the lead was silent"}


class Words:
    """Answers as lines. ``book``: the playbook it was decided under, None where there is none to be read."""

    def __init__(self, stream: str, kept: Sequence[Kept], book: Book | None) -> None:
        self._stream = stream
        self._size = len(kept)
        self._book = book
        self._books = {one.playbook_sha256 for one in kept if one.playbook_sha256}
        self._erased = gone.of_all(kept)
        self._fields_erased = gone.of_entries(kept)

    def heading(self, question: str) -> list[str]:
        """What was asked, of which log."""
        zone = str(self._book.playbook.timezone) if self._book is not None else "UTC"
        first = [words] if (words := unreal(self._stream)) else []
        told = [*first, *lines_of(f"{self._stream}, {self._size} entries, times in {zone}: {question}")]
        if self._book is not None and len(self._books) == 1:
            digest = next(iter(self._books))
            told += lines_of(f"Rules are lines of {self._book.playbook.playbook}, kept as {digest[:12]}.")
        # What was erased cannot be answered from any more: whoever reads an answer must know.
        for words in self._erased:
            told += lines_of(words)
        return [*told, ""]

    def recorded(self, by: str, entry: int) -> list[str]:
        """That the question is in the log, and where."""
        return lines_of(f"That you asked this, as {by}, and why, is entry {entry} of the log.")

    # -- who saw it ------------------------------------------------------------------------------------------------

    def who_saw(self, answer: WhoSaw) -> list[str]:
        """Those who knew because they wrote it; those who were shown it, by partner; and from whom it was kept."""
        what = answer.about if answer.field is None else f"{answer.field} of {answer.about}"
        lines = [f"Who knew {what} because they wrote it or agreed to it:"] if answer.authors else []
        for theirs in each_once(answer.authors):
            first, did = theirs[0], dict.fromkeys(_HOW.get(one.how, one.how) for one in theirs)
            of = next((f" of {one.partner}" for one in theirs if one.partner), "")
            lines += self._item(
                f"{person_of(first.person)}{of} {', '.join(did)}", first.at, (one.entry for one in theirs)
            )
        hollow = bool(answer.empty) and not answer.authors
        nothing = ": nothing was in it" if hollow else ""
        lines += (
            ["", f"Shown to {rooms_of(answer.seen)}:"]
            if answer.seen
            else ["", self._none(f"Nobody was shown {what}{nothing}.")]
        )
        lines += self._messages(answer, answer.seen)
        if answer.unsent:
            lines += ["", "Decided, and not sent:", *self._messages(answer, answer.unsent)]
        if answer.withheld:
            kept_from = "It would have been withheld" if hollow else "Withheld"
            lines += ["", f"{kept_from} from {rooms_of(answer.withheld)}:", *self._messages(answer, answer.withheld)]
        return lines[1:] if lines[:1] == [""] else lines

    def _messages(self, answer: WhoSaw, sights: Sequence[Sight]) -> list[str]:
        """Message by message: the room, what it was shown and by which right, and what became of the message."""
        lines: list[str] = []
        for _, together in groupby(sights, key=lambda one: one.entry):
            group = list(together)
            first = group[0]
            body = [self._right(one, answer) for one in group]
            shown = first.form is not None
            body += [fate_of(first.fate, self._at)] if shown else []
            body += dict.fromkeys(self._gone(one) for one in group if one.gone)
            proofs = first.entries if shown else (first.entry,)
            at = first.fate.at if shown and first.fate.at is not None else first.decided_at
            lines += self._item(place_of(first.partner, first.room), at, proofs, body)
        return lines

    def _right(self, sight: Sight, answer: WhoSaw) -> str:
        """One field: the form, and by which rule, agreement and basis it was shown; or why it was withheld."""
        named = sight.about != answer.about or answer.field is None
        what = (
            f"{sight.about} {name_of(sight)}, "
            if sight.about != answer.about
            else f"{name_of(sight)}, "
            if named
            else ""
        )
        if sight.form is None:
            detail = f" ({sight.detail})" if sight.detail else ""
            by = [f"{REASONS.get(sight.why or '', sight.why or '')}{detail}", self._rule(sight)]
            return what.removesuffix(", ") + (": " if what else "") + ", ".join(filter(None, by))
        right = ", ".join(filter(None, (self._rule(sight), under(sight.agreements), sight.basis or "")))
        return f"{what}{sight.form}: {right or 'no rule noted'}"

    def _gone(self, sight: Sight) -> str:
        """When and why the value was erased: that it was shown, and how, stands."""
        erased = sight.erased
        if erased is None:
            return "what it said was erased since"
        return f"what it said was erased on {self._at(erased.at)}, because: {erased.because} [{erased.entry}]"

    def _rule(self, sight: Sight) -> str:
        """The line of the playbook; which playbook it is where there was more than one."""
        if not sight.rule:
            return ""
        several = len(self._books) > 1 and sight.playbook_sha256 is not None
        return f"line {sight.rule}" + (f" of playbook {str(sight.playbook_sha256)[:12]}" if several else "")

    # -- what a partner saw ----------------------------------------------------------------------------------------

    def saw(self, answer: Saw) -> list[str]:
        """Each field in the form that was shown last, when it was shown first, and last where that differs; thing by thing."""
        until = f" before {self._at(answer.until)}" if answer.until is not None else ""
        if not answer.fields and not answer.doubtful:
            return [self._none(f"{answer.partner} was shown nothing{until}.")]
        lines = [f"What {answer.partner} had been shown{until}:"]
        for one in answer.fields:
            earlier = f", before that {', '.join(one.forms[:-1])}" if len(one.forms) > 1 else ""
            body = [self._gone(one.last) if one.last.gone else value_of(one.last.value)]
            if one.withdrawn_at is not None:
                body.append(f"withdrawn {self._at(one.withdrawn_at)}")
            if one.removed_at is not None:
                body.append(f"taken out of the room {self._at(one.removed_at)}")
            head = f"{one.about} {name_of(one.last)}, {one.forms[-1]}{earlier}{self._once_more(one)}"
            lines += self._item(head, one.first_at, one.entries, body)
        if answer.doubtful:
            lines += ["", "It may also have been shown, nobody knows:"]
            for sight in answer.doubtful:
                lines += self._item(
                    f"{sight.about} {name_of(sight)}, {sight.form}",
                    sight.fate.unknown_at or sight.decided_at,
                    sight.entries,
                )
        if answer.others:
            lines += ["", *lines_of(f"{answer.others} more messages to its rooms show no field of anything.")]
        return lines

    def _once_more(self, one: Seen) -> str:
        """When it was shown last, without the day where that is the same; nothing where it was shown once."""
        first, last = self._at(one.first_at), self._at(one.at)
        day = last.partition(" ")[0]
        return "" if first == last else f", last {last.removeprefix(f'{day} ') if first.startswith(day) else last}"

    # -- who never acknowledged ------------------------------------------------------------------------------------

    def silent(self, answer: Sequence[AlertAnswers]) -> list[str]:
        """Alert by alert: who never answered, who answered what, and whom it never reached."""
        lines: list[str] = [] if answer else [self._none("No alert was issued.")]
        for alert in answer:
            over = f", {alert.state} {self._at(alert.over_at)}" if alert.over_at is not None else ""
            lines += ["", *lines_of(f"{alert.alert} {alert.template}, by {alert.by}, {self._at(alert.at)}{over}")]
            for one in alert.asked:
                lines += self._asked(one)
            for partner, why in alert.not_reached.items():
                lines += lines_of(f"  {partner}: not sent, {_NOT_REACHED[why]}", 4)
            if alert.unknown:
                lines += lines_of(
                    f"  Erased, and so not known whether they acknowledged: {', '.join(alert.unknown)}", 4
                )
            if not alert.addressed:
                lines += lines_of("  For whom it was, the log does not say any more; there may have been others.", 4)
            elif not alert.asked:
                lines += lines_of("  Nobody was to answer it.", 4)
            else:
                lines += lines_of(f"  Never acknowledged: {', '.join(alert.never) or 'nobody'}", 4)
        return lines[1:] if lines[:1] == [""] else lines

    def _asked(self, one: Asked) -> list[str]:
        body: list[str] = []
        if one.shown_at is not None:
            body.append(f"had it {self._at(one.shown_at)}")
        elif one.unreachable_at is not None:
            body.append(f"not reached, found {self._at(one.unreachable_at)}")
        else:
            body.append("no network is known to have accepted it")
        for given in one.answers:
            spoke = f", {given.spoke_with or 'somebody'} on the telephone" if given.via == "phone" else ""
            late = ", after it was over" if given.late else ""
            undone = f", taken back {self._at(given.undone_at)}" if given.undone_at is not None else ""
            body.append(
                f"{given.choice} {self._at(given.at)} by {person_of(given.person)} ({given.via}{spoke}{late}){undone}"
            )
        for call in one.calls:
            came = {True: "reached", False: "not reached", None: "nobody said what came of it"}[call.reached]
            spoke = f", {call.spoke_with}" if call.spoke_with else ""
            body.append(f"rung {self._at(call.at)} by {person_of(call.person)}: {came}{spoke}")
        state = "answered" if one.answered else "silent" if one.silent else "not known whether it answered"
        return [*lines_of(f"  {one.partner}: {state} {proofs(one.entries)}", 4), *(below(body, 6))]

    # -- the rest --------------------------------------------------------------------------------------------------

    def unknown(self, answer: Sequence[Doubt]) -> list[str]:
        """What may never have arrived, first those that nothing has resolved."""
        if not answer:
            return [self._none("Of every message it is known what became of it.")]
        lines: list[str] = []
        for resolved in (False, True):
            some = [one for one in answer if one.resolved == resolved]
            if some:
                lines += ["", "Resolved, perhaps seen twice:" if resolved else "Still unknown:"]
            for one in some:
                body = [one.reason]
                for attempt in one.attempts:
                    when = f" {self._at(attempt.at)}" if attempt.at is not None else ""
                    named = f" as {attempt.message}" if attempt.message else ""
                    why = f": {attempt.reason}" if attempt.reason else ""
                    body.append(f"repeated: {attempt.state}{when}{named}{why}")
                lines += self._item(
                    f"{one.about or 'a message'} to {place_of(one.partner, one.room)}", one.at, one.entries, body
                )
        return lines[1:]

    def withheld(self, answer: Withheld) -> list[str]:
        """Every withholding, thing by thing, and every release."""
        lines = [] if answer.withholdings else [self._none("Nothing was withheld.")]
        for about in dict.fromkeys(one.about for one in answer.withholdings):
            lines += ["", f"{about or 'Other messages'}:"]
            for one in (one for one in answer.withholdings if one.about == about):
                lines += self._withholding(one)
        if answer.releases:
            lines += ["", "Released:"]
        for release in answer.releases:
            how = "other values were given for it" if release.how == "supplied" else "it was told to ring"
            which = f" ({', '.join(release.fields)})" if release.fields else ""
            body = [f"{how}{which}, by {person_of(release.person)}"]
            lines += self._item(f"{release.about} to {release.partner}", release.at, release.entries, body)
        return lines[1:] if lines[:1] == [""] else lines

    def _withholding(self, one: Withholding) -> list[str]:
        what = {
            "field": one.field or "",
            "copy": "the whole copy",
            "room": "all of it, in this room",
            "message": "a message",
        }
        why = REASONS.get(one.why, one.why)
        detail = f" ({one.detail})" if one.detail else ""
        named = f" for lack of {one.field}" if one.field and one.what in ("copy", "room") else ""
        rule = "" if one.rule is None else f", {one.rule if ':' in one.rule else 'line ' + one.rule}"
        often = f", {one.times} times until {self._at(one.last_at)}" if one.times > 1 else ""
        where = place_of(one.partner, RoomRef.parse(one.room) if one.room is not None else None)
        return self._item(where, one.at, one.entries, [f"{what[one.what]}{named}: {why}{detail}{rule}{often}"])

    def leads(self, answer: Sequence[Tenure]) -> list[str]:
        """Each lead in order."""
        lines: list[str] = [] if answer else [self._none("Nobody led.")]
        for one in answer:
            where = " ".join(part for part in (one.tier, one.jurisdiction) if part) or "everywhere"
            until = f"until {self._at(one.until)}, {_ENDED[str(one.ended)]}" if one.until is not None else "it goes on"
            came = f"{_BEGAN.get(one.why, one.why)}, accepted by {one.accepted_by}" if one.offer else "by the playbook"
            several = f"; {one.decides} decides" if len(one.partners) > 1 else ""
            body = [f"{one.basis or 'no basis is named'} ({one.rule})", came, until]
            body += [f"deputies: {', '.join(one.deputies)}"] if one.deputies else []
            lines += self._item(f"{', '.join(one.partners)} ({where}){several}", one.since, one.entries, body)
        return lines

    def readings(self, answer: Sequence[Reading]) -> list[str]:
        """Each reading in order: who, when, what was asked, why, and how much was disclosed."""
        lines: list[str] = [] if answer else [self._none("Nobody has read the log before.")]
        for one in answer:
            whose = f" of {one.partner}" if one.partner else ""
            what = f"made a copy ({one.form}) for {one.reader}" if one.reader is not None else "read the log"
            what = f"asked {one.question}" if one.question is not None else what
            right = f", by right of {one.basis}" if one.basis else ""
            erased = [line for entry in one.entries for line in self._fields_erased.get(entry, ())]
            unsaid = one.upto is None or any(line.startswith("reason:") for line in erased)
            why = f"because: {one.reason}{right}" if one.reason else "" if unsaid else f"gave no reason{right}"
            body = filter(None, (why, disclosed_of(one), *erased))
            lines += self._item(f"{person_of(one.person)}{whose}: {what}", one.at, one.entries, body)
        return lines

    # -- parts -----------------------------------------------------------------------------------------------------

    def _none(self, words: str) -> str:
        """That there is none, as far as the log can still tell."""
        return f"{words[:-1]}, as far as the log still tells." if self._erased or self._fields_erased else words

    def _item(self, head: str, at: datetime, entries: Iterable[int], body: Iterable[str] = ()) -> list[str]:
        return [*lines_of(f"  {self._at(at)}  {head} {proofs(entries)}", 23), *below(body, 23)]

    def _at(self, at: datetime) -> str:
        there = local_time(self._book, at) if self._book is not None else at.astimezone(UTC)
        return f"{there:%Y-%m-%d %H:%M:%S}"
