"""Text that has passed the gate. ``Cleared`` is the only kind of text that can be sent, and is made nowhere but here.

There are few ways to make it: from the program's own wording (``wording``), from what the playbook itself says, which its
partners may all read (``quote``, ``name``), from numbers and times, from an event's fields as ``sight`` decided them (``value``,
``clauses``), and from what a person typed a moment ago, bound to the room it was typed in (``echo``). ``compose`` joins them.
A cleared text knows the label of what it was made from and which fields it shows: nothing can be said and not be logged.

The markup is restricted HTML (``b i u s code pre blockquote``), with newlines as line breaks. Everything but wording is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from html import escape, unescape
from typing import Any
from weakref import WeakKeyDictionary

from playbooks.labels import PUBLIC, Label, Tlp
from playbooks.load import Book
from playbooks.phrasing import calendar_day, legible, one_line, phrase, quoted
from playbooks.restricted import restricted
from playbooks.rooms import RoomRef
from playbooks.schema_words import text_in
from playbooks.selection import Event, local_time
from playbooks.sight import Answer, Seen, View, Withheld
from playbooks.spoken import Contact, File, Poll, Spoken

_TAG = re.compile(r"<[^>]*>")
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_LISTED = re.compile(r"\s*[,·→]\s*")
_SHORT_ID = re.compile(r"[A-Z]-\d{1,9}")


@dataclass(frozen=True, slots=True)
class Cleared:
    """Text that may be shown where it was cleared for.

    ``html`` is restricted markup and ``text`` the same without it. ``shows`` has, for each field that was decided, what the log
    says of it. ``only`` is the one room it may go to, if there is such a bond.
    """

    html: str
    label: Label = PUBLIC
    shows: Mapping[str, Any] = field(default_factory=dict)
    only: RoomRef | None = None

    @property
    def text(self) -> str:
        """Without markup."""
        return unescape(_TAG.sub("", self.html))


@dataclass(frozen=True, slots=True)
class Attached:
    """What goes with words that were cleared, and passed the gate with them: a file under a clean name, a place, a poll, a contact.

    ``place_in_file``: whoever reads it may know the place that a photograph tells by itself; else that is taken out of it.
    """

    file: File | None = None
    point: tuple[int, int] | None = None
    live_until: datetime | None = None
    poll: Poll | None = None
    place_in_file: bool = False
    only: RoomRef | None = None
    contact: Contact | None = None


PROGRAM_WORDS = frozenset(
    {"responder", "liaison", "official", "coordinator", "observer", "auditor", "telegram", "matrix"}
    | {str(tlp) for tlp in Tlp}
)
"""Words of the program itself that may stand anywhere."""


_PROPER = {"telegram": "Telegram", "matrix": "Matrix"}


class NotInPlaybook(ValueError):
    """Something was to be quoted that the playbook does not say."""


class Misdirected(ValueError):
    """Text was joined with, or sent to, a room it was not cleared for."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a text is for: a room, and what its reader is to the playbook.

    ``partner`` is the partner they act for; ``insider`` says that the playbook's own words (partners, rules) are theirs to read:
    people of its partners, and coordinators. ``auditor``: it is an auditor of the whole deployment, alone with us, who may know of every partner.
    """

    room: RoomRef
    partner: str | None
    insider: bool
    languages: tuple[str, ...]
    auditor: bool = False


def wording(template: str, **parts: Cleared | int) -> Cleared:
    """The program's own words with cleared parts put in. Only ``handlers/texts.py`` calls it, with its catalogue's words.

    ``{tlp}`` stands for the label of all the parts. Raises KeyError for a part that is not given.
    """
    names, frame = _apart(template)
    given = {name: figure(part) if isinstance(part, int) else part for name, part in parts.items()}
    label, shows, only = _joined([given[name] for name in names if name != "tlp"])
    put = [str(label.tlp) if name == "tlp" else given[name].html for name in names]
    return Cleared(frame % tuple(put), label, shows, only)


@lru_cache(maxsize=4096)
def _apart(template: str) -> tuple[Sequence[str], str]:
    """The names of what is put into a wording, in their order; and its words, with ``%s`` in each of their places."""
    pieces = _PLACEHOLDER.split(template)
    return pieces[1::2], "%s".join(words.replace("%", "%%") for words in pieces[::2])


def _joined(parts: Sequence[Cleared]) -> tuple[Label, dict[str, Any], RoomRef | None]:
    label = PUBLIC
    shows: dict[str, Any] = {}
    only: RoomRef | None = None
    for part in parts:
        if part.label is not PUBLIC:
            label = label.join(part.label)
        if part.shows:
            shows.update(part.shows)
        if part.only is not None:
            if only is not None and only != part.only:
                raise Misdirected("two texts bound to different rooms cannot be joined")
            only = part.only
    return label, shows, only


def glue(parts: Sequence[Cleared], between: str = "\n") -> Cleared:
    """Several texts as one. ``between`` is white space or punctuation, never words."""
    if any(character.isalnum() for character in between):
        raise ValueError("texts are glued with punctuation, not with words")
    label, shows, only = _joined(parts)
    return Cleared(escape(between, quote=False).join(part.html for part in parts), label, shows, only)


def strong(part: Cleared) -> Cleared:
    """The same, in bold."""
    return Cleared(f"<b>{part.html}</b>", part.label, part.shows, part.only)


def of(identifier: str, part: Cleared) -> Cleared:
    """The same, where a message shows several things: the log says of which one each field is (``A-17/where``)."""
    shows = {f"{identifier}/{field}": how for field, how in part.shows.items()}
    return Cleared(part.html, part.label, shows, part.only)


def code(part: Cleared) -> Cleared:
    """The same, to be typed or tapped as it stands."""
    return Cleared(f"<code>{part.html}</code>", part.label, part.shows, part.only)


NOTHING = Cleared("")


def figure(number: int) -> Cleared:
    """A number of things that are not hidden: messages, entries, one's own choices."""
    return Cleared(str(number))


def is_short_id(identifier: str | None) -> bool:
    """Whether this is a short id, rather than some other name of what a message is about."""
    return identifier is not None and _SHORT_ID.fullmatch(identifier) is not None


def short_id(identifier: str) -> Cleared:
    """A short id such as A-17. Raises ValueError for anything else."""
    if not is_short_id(identifier):
        raise ValueError(f"not a short id: {identifier!r}")
    return Cleared(identifier)


def clock(book: Book | None, at: datetime) -> Cleared:
    """A time of day where the playbook lives (UTC where there is no playbook): that something took place, and when, is not hidden."""
    return Cleared(f"{local_time(book, at):%H:%M}" if book else f"{at:%H:%M} UTC")


def another_day(book: Book, at: datetime, now: datetime, languages: Sequence[str]) -> Cleared | None:
    """The day of a time, where it is not today's where the playbook lives, and its year where that is another; else None."""
    then, today = local_time(book, at).date(), local_time(book, now).date()
    if then == today:
        return None
    return Cleared(escape(calendar_day(then, today, languages), quote=False))


def echo(words: str, room: RoomRef) -> Cleared:
    """What somebody typed a moment ago in this room, said back there, on one line, and nowhere else."""
    return Cleared(escape(one_line(legible(words)), quote=False), only=room)


def secret(words: str, room: RoomRef) -> Cleared:
    """A code made for one room, such as an invitation's: it may be said there and nowhere else."""
    return Cleared(escape(words, quote=False), only=room)


_CHECKPOINT = re.compile(
    r"[^\s+]+/(?:[A-Z]-\d{1,9}|deployment)\n(?:0|[1-9]\d{0,18})\n[A-Za-z0-9+/]{43}=\n\n— [^\s+]+ [A-Za-z0-9+/]{91}=\n"
)
"""Origin, size and root, an empty line, and one Ed25519 signature: 4 bytes of key id and 64 of signature, in base64."""


def checkpoint(note: str) -> Cleared:
    """A signed checkpoint of the log, to be copied as it stands: its size and a hash, which hide nothing that is not known.

    Raises ValueError for anything else that has been signed: nothing may pass as a checkpoint that could say more.
    """
    if not _CHECKPOINT.fullmatch(note) or not note.replace("\n", "").isprintable():
        raise ValueError("not a signed checkpoint")
    return Cleared(f"<pre>{escape(note.rstrip(), quote=False)}</pre>")


def name(book: Book, reader: Reader, partner: str) -> Cleared:
    """A partner's name, which every partner may know unless it is unlisted; otherwise an ellipsis."""
    who = book.playbook.partners.get(partner)
    if who is None or not listed(book, reader, partner):
        return Cleared("…")
    return Cleared(escape(one_line(who.name), quote=False))


def colleague(reader: Reader, partner: str, called: str) -> Cleared:
    """The name of one of a partner's people, for that partner's own people where they read it, and for nobody else: an ellipsis.

    Others are told who is on duty only through ``sight``, as the field ``_presence``.
    """
    if reader.partner != partner:
        return Cleared("…")
    return Cleared(escape(one_line(legible(called)), quote=False), only=reader.room)


def testimony(reader: Reader, partner: str | None, words: str) -> Cleared:
    """What somebody gave as their reason to read the log, or asked of it, on one line: for their own ``partner``'s people, and for an auditor of the whole
    deployment alone with us. For anybody else: an ellipsis.
    """
    if not reader.auditor and (partner is None or reader.partner != partner):
        return Cleared("…")
    return Cleared(escape(one_line(legible(words)), quote=False), only=reader.room)


def listed(book: Book, reader: Reader, partner: str) -> bool:
    """Whether this reader may know that the partner exists."""
    who = book.playbook.partners.get(partner)
    return who is not None and reader.insider and (who.listed or reader.partner == partner or reader.auditor)


def field_name(book: Book, reader: Reader, field: str) -> Cleared:
    """What a field is called: its title in the reader's language, else its name in the playbook."""
    spec = book.playbook.field(field)
    return quote(book, reader, spec.title if spec is not None and spec.title else field)


def phone(book: Book, reader: Reader, partner: str) -> Cleared:
    """The number at which a partner answers day and night, with its sign, where there is one and the reader may know the partner."""
    number = book.playbook.partners[partner].phone_24h if listed(book, reader, partner) else None
    return Cleared(escape(f"☎ {number}", quote=False)) if number else NOTHING


def quote(book: Book, reader: Reader, texts: Mapping[str, str] | str | None) -> Cleared:
    """What the playbook itself says (a title, a basis, an option), in the reader's language, to those who may read it.

    Where there is no text in the reader's language, the fallback is marked with its language tag.
    """
    if texts is None or not reader.insider:
        return NOTHING
    if isinstance(texts, str):
        return Cleared(escape(one_line(_in_playbook(book, texts)), quote=False))
    words, tag = text_in(texts, [*reader.languages, *book.playbook.languages])
    return Cleared(_marked(escape(one_line(_in_playbook(book, words)), quote=False), tag, reader.languages))


_SAID: WeakKeyDictionary[Book, frozenset[str]] = WeakKeyDictionary()


def _in_playbook(book: Book, text: str) -> str:
    """The text, if the playbook says it, or says each of the words it lists. Raises NotInPlaybook: nothing else may be quoted."""
    said = _SAID.get(book)
    if said is None:
        said = frozenset(_strings(book.playbook.model_dump(mode="python", warnings=False)))
        _SAID[book] = said
    if text and text not in said and not all(part in said for part in _LISTED.split(text)):
        raise NotInPlaybook("a quotation that the playbook does not contain")
    return text


def _strings(data: object) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for key, each in data.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(data, list | tuple | set | frozenset):
        for each in data:
            yield from _strings(each)


def word(text: str) -> Cleared:
    """A word of the command language or the program's own: a role, a network, a colour. Raises ValueError for any other."""
    if text not in PROGRAM_WORDS:
        raise ValueError(f"not one of the program's words: {text!r}")
    return Cleared(escape(_PROPER.get(text, text), quote=False))


def _marked(html: str, tag: str, languages: Sequence[str]) -> str:
    """Text in a language that was not asked for says which one it is."""
    known = not languages or not tag or tag == languages[0] or tag == languages[0].partition("-")[0]
    return html if known else f"[{tag}] {html}"


_ON_ONE_LINE = frozenset({"_title", "_speaker"})


def value(book: Book, view: View, field: str, languages: Sequence[str]) -> Cleared | None:
    """A field of an event as this room may see it; None where it may not, or where there is nothing.

    A text keeps its lines, each after the first visibly quoted. Everything else is one line.
    """
    found = view.shape(book, field)
    if found is None:
        return None
    seen, shape = found
    words = legible(phrase(book, field, seen.form, shape, [*languages, *book.playbook.languages]))
    spec = book.playbook.field(field)
    has_lines = spec is not None and spec.type == "text" and field not in _ON_ONE_LINE
    words = quoted(words.strip("\n")) if has_lines else one_line(words)
    return Cleared(escape(words, quote=False), seen.label, {field: _shown(book, view, field)}, view.room.ref)


_LIKE_A_HEAD = str.maketrans(dict.fromkeys("▸▹►▻▶▷‣⏵⯈➤➢⮞🞂", "›"))
"""Who speaks is said behind ``▸``: nobody's own words begin so."""


def spoken(book: Book, view: View, field: str, html: str) -> Cleared | None:
    """What somebody said in a channel, with its markup, as this room may see it; None where it may not.

    ``html`` may be anything: what is not restricted HTML is text. The event's field has the same words, and more where a file or a place goes with them.
    """
    answer = view.answers.get(field)
    if not isinstance(answer, Seen):
        return None
    return Cleared(
        restricted(html).translate(_LIKE_A_HEAD).strip("\n"),
        answer.label,
        {field: _shown(book, view, field)},
        view.room.ref,
    )


def attached(view: View, field: str, said: Spoken, *, place: bool) -> Attached | None:
    """What goes with the words, where this room may see them. ``place``: it may know the place that a photograph tells by itself."""
    if not decided(view, field) or (said.file, said.point, said.poll, said.contact) == (None, None, None, None):
        return None
    poll = None
    if said.poll is not None:
        options = tuple(one_line(legible(option)) for option in said.poll.options)
        poll = Poll(one_line(legible(said.poll.question)), options, said.poll.several)
    card = said.contact
    if card is not None:
        card = Contact(one_line(legible(card.name)), one_line(legible(card.phone)))
    return Attached(said.file, said.point, said.live_until, poll, place, view.room.ref, card)


def enclosed(copy: File, room: RoomRef) -> Attached:
    """A copy of the log that was asked for: it goes into the private chat of whoever asked, and nowhere else. Whom it is for decides what is in it."""
    return Attached(copy, place_in_file=True, only=room)


def speaker(view: View, called: str) -> Cleared:
    """The name of whoever spoke, on one line, for a room that sees what they said."""
    words = _LIKE_A_DOT.sub(" ", one_line(legible(called)).translate(_LIKE_A_HEAD)).strip()[:LONGEST_NAME]
    return Cleared(escape(words, quote=False), only=view.room.ref)


LONGEST_NAME = 60
_LIKE_A_DOT = re.compile(r"[\s\u200b-\u200d\u2060]*[·•∙⋅・‧][\s\u200b-\u200d\u2060]*")
"""Between a name and its partner stands a dot: in a name it would make another partner."""


def phrased(book: Book, view: View, field: str, words: Cleared, otherwise: Cleared) -> Cleared:
    """Words that give a field of an event away, where this room may see the field; otherwise others, which do not.

    Either way the log says what became of the field, as it does of one that is quoted.
    """
    answer = view.answers[field]
    shows = {field: _shown(book, view, field)}
    if isinstance(answer, Seen):
        return Cleared(words.html, words.label.join(answer.label), {**words.shows, **shows}, view.room.ref)
    return Cleared(otherwise.html, otherwise.label, {**otherwise.shows, **shows}, otherwise.only)


def one_of_many(part: Cleared, origin: str) -> Cleared:
    """The same, where one message shows the same field of several partners' words: the log tells these apart."""
    return Cleared(part.html, part.label, {f"{field}:{origin}": how for field, how in part.shows.items()}, part.only)


def unsaid(book: Book, view: View, fields: Sequence[str]) -> Cleared:
    """Nothing to read. The log says what was decided of these fields, whether the event has them or not."""
    return Cleared("", PUBLIC, {field: _shown(book, view, field) for field in fields}, view.room.ref)


class Clauses:
    """An alert's clauses for many rooms: where the same is seen in the same languages, the words are made once."""

    def __init__(self, book: Book, event: Event, text: Mapping[str, Sequence[str]], fields: Sequence[str]) -> None:
        self._book = book
        self._event = event
        self._text = text
        self._fields = fields
        self._reasons: dict[Answer, dict[str, Any]] = {}
        self._made: dict[tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]], tuple[View, Cleared | None]] = {}

    def shown(self, view: View, languages: Sequence[str]) -> Cleared | None:
        """The clauses for one room: one that needs a field its reader lacks is left out whole. None when none is left.

        In the first of the languages that the text has; a clause of its own words in another language says which one.
        Raises Misdirected for a view of another event.
        """
        made = self._once(view, languages)
        if made is None:
            return None
        # What is withheld differs from room to room in the line that says so, and is in no words.
        shows = {field: made.shows.get(field) or self._withheld(view, field) for field in self._fields}
        return Cleared(made.html, made.label, {**shows, **made.shows}, view.room.ref)

    def hollow(self, view: View) -> bool:
        """Whether no clause would be left for this room."""
        return self._once(view, ()) is None

    def _once(self, view: View, languages: Sequence[str]) -> Cleared | None:
        if view.event is not self._event:
            raise Misdirected("clauses of one event were to show another")
        # Rooms that are alike share their answers, each of which is kept here, and so keeps its identity.
        seen = tuple([id(answer) if isinstance(answer, Seen) else 0 for answer in view.answers.values()])
        key = (seen, tuple(view.answers), tuple(languages))
        if key not in self._made:
            self._made[key] = (view, self._words(view, languages))
        return self._made[key][1]

    def _withheld(self, view: View, field: str) -> dict[str, Any]:
        answer = view.answers[field]
        if answer not in self._reasons:
            self._reasons[answer] = _shown(self._book, view, field)
        return self._reasons[answer]

    def _words(self, view: View, languages: Sequence[str]) -> Cleared | None:
        book = self._book
        lines, tag = text_in(self._text, [*languages, *book.playbook.languages])
        parts: list[Cleared] = []
        for line in lines:
            values = {needed: value(book, view, needed, languages) for needed in _PLACEHOLDER.findall(line)}
            if any(part is None for part in values.values()):
                continue
            present = {needed: part for needed, part in values.items() if part is not None}
            own_words = any(character.isalpha() for character in _PLACEHOLDER.sub("", line))
            html = _fill(escape(line, quote=False), present)
            label, shows, _ = _joined(list(present.values()))
            parts.append(Cleared(_marked(html, tag, languages) if own_words else html, label, shows, view.room.ref))
        if not parts:
            return None
        whole = glue(parts)
        shows = {field: _shown(book, view, field) for field in self._fields if decided(view, field)}
        return Cleared(whole.html, whole.label, shows | dict(whole.shows), view.room.ref)


def clauses(
    book: Book, view: View, text: Mapping[str, Sequence[str]], languages: Sequence[str], fields: Sequence[str]
) -> Cleared | None:
    """An alert's clauses for one room alone: see ``Clauses``."""
    return Clauses(book, view.event, text, fields).shown(view, languages)


def _fill(line: str, values: Mapping[str, Cleared]) -> str:
    """Put values into a clause; a value that ends as the clause goes on (``Leave now..``) does not say it twice."""

    def put(found: re.Match[str]) -> str:
        html = values[found[1]].html
        after = line[found.end() : found.end() + 1]
        return html[:-1] if after in {".", "!", "?"} and html.endswith((".", "!", "?")) else html

    return _PLACEHOLDER.sub(put, line)


def _shown(book: Book, view: View, field: str) -> dict[str, Any]:
    """What the log says of one field in one message."""
    answer = view.answers[field]
    if isinstance(answer, Withheld):
        return {"withheld": answer.why, "rule": answer.line, "detail": answer.detail}
    found = view.shape(book, field)
    return {
        "form": answer.form,
        "value": None if found is None else _plain(found[1]),
        "rule": answer.line,
        "agreements": list(answer.agreements),
        "basis": answer.basis,
    }


def _plain(shape: Any) -> Any:
    if isinstance(shape, datetime | date):
        return shape.isoformat()
    return list(shape) if isinstance(shape, tuple) else shape


def decided(view: View, field: str) -> bool:
    """Whether this room sees a field in some form."""
    return isinstance(view.answers.get(field), Seen)
