"""How closely whoever speaks wants their words held: a TLP label that they put in front, ``[red]``, and what looks as if it was meant for one.

A label is heard wherever people put it: before words, whatever stands in front of it (a mention, a bullet, a time, a quotation), anywhere else in
their first line, in a poll's question and options, in the name of a contact, and anywhere in that of a file. In front it is taken out; elsewhere the
words stay as they were written. Where somebody may have meant to raise the label and nobody knows how far, nothing may be carried: a slip that
passed in silence would have shown everybody what was not for them. So in doubt it is no label, and they are told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from html import escape, unescape
from unicodedata import category, normalize

from handlers.colours import near, read, speaks_of
from playbooks.labels import Tlp
from playbooks.restricted import plain
from playbooks.spoken import Spoken

_HEAD = 200
"""So far into what was said a label may stand: what is before it is no more than signs, a mention, a number."""
_LONGEST = 40
"""Characters between brackets."""
_SQUARE, _CLOSE = "[【〔「", "]】〕」}>)"
_OPEN = _SQUARE + "{(<"
_MARKUP = "*_~`\"'“”„«»‘’"
_TOKEN = re.compile(r"<[^<>]*>|&#?\w{1,10};|.", re.DOTALL)
_IN_FRONT = re.compile(
    r"\w{1,3}[.)]\s|\d\ufe0f?\u20e3|⭐ \d{1,9}\n|📎[^\n\[]{0,150}\n|@[^\s\[:]{1,60}:[^\s\[:]{2,60}(?=\s)|@[^\[\n:]{1,60}:|@[^\s\[\n]{1,60}"
)
"""What may stand before a label and has letters: a number in a list, a mention, what networks make of files that they do not hand out."""
_BEFORE_IT = re.compile(
    r"\d{4}-\d\d?-\d\d?(?:t(?=\d)|(?![^\W_]))"
    r"|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)?(?![^\W_])"
    r"|\d{1,2}[:.h]\d\d(?::\d\d)?(?:\s?(?:[ap]m|uhr|h|u|z))?(?![^\W_])"
    r"|(?:re|fwd?|aw|wg|tr|rv|antw|doorst|rif|sv|i|r)\s?:(?=\s)"
    r"|(?:[^\W\d_][\w.'’-]{0,30}|(?-i:[A-ZÀ-ÖØ-Þ][\w.'’-]{0,30}(?: (?:[A-ZÀ-ÖØ-Þ][\w.'’-]{0,30}|[a-z]{2,3})){1,3}))"
    r"\s?[:,]\s*(?=[\[【〔「])",
    re.IGNORECASE,
)
"""A date, a time, that it answers or is passed on, in whatever mail calls that; or a name to which it is said."""
_NEXT_NAMES = re.compile(r"(?: [^\s\[\n]{1,30}){1,3} ?(?=\[)")
_TLP = re.compile(r"tlp[\s_]{0,10}[:\-–]?[\s_]{0,10}([^\W\d_]{2,12})(?![^\W_])", re.IGNORECASE)
_IN_NAME = re.compile(r"[\[【〔「][^\[【〔「\]】〕」]*|(?<![^\W_])tlp", re.IGNORECASE)
_BARE = re.compile(r"([^\W\d_]{3,12})\s?[\])】]")
_IN_LINE = re.compile(r"[\[【〔「]|(?<![^\W_])tlp", re.IGNORECASE)
_SLIP = "tlp:"
"""What stands in brackets after this was meant for a label."""
_LINE_ENDS = re.compile(r"\n|</blockquote>")
_WRITTEN_OUT = re.compile(r"tlp[\s_]{0,10}[:\-–_][\s_]{0,10}([^\W\d_]{2,12})(?![^\W_])", re.IGNORECASE)
_ARTICLE = re.compile(
    r"(?<!\S)(?:[Tt]h(?:e|is|at)|an?|An|[Ll](?:e|a|es|os|as|o)|[Uu]n[ea]?|[Hh]et|[Ee]en|[Dd](?:e|er|ie|as|em|en)|[Ee]ine?[mnrs]?|[Ii]l|[Ee]l)\s$"
)
_WORDS = re.compile(r"[^\W_]")
_SMALL = re.compile(r"(?<!\w)([^\W\d_])\w*[^\w\n]*$")


@dataclass(frozen=True, slots=True)
class _Sign:
    """One character that can be read, as compatibility has it (``［`` is ``[``), and where it stands in the markup."""

    shown: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A label, from where to where it stands in what was searched; without ``colour`` what was ``typed`` is only nearly one."""

    colour: str | None
    typed: str
    start: int
    end: int


def marked(spoken: Spoken, compartments: Collection[str] = ()) -> tuple[Spoken, str | None, str | None]:
    """What is said without its label, the TLP colour (its word) that this names, the highest of several, and what stands there if it is nearly one.

    ``compartments``: those into which it might be meant to be put, by their names: ``[medical]`` is nearly a label too.
    """
    if compartments and (typed := _compartment(spoken, compartments)) is not None:
        return spoken, None, typed
    alone = spoken == Spoken(spoken.html)
    html, raised, unknown = labelled(spoken.html) if alone else _labelled(spoken.html, _beside)
    colours, slips = [raised], [unknown]
    poll = spoken.poll
    if poll is not None:
        question, raised, unknown = _labelled(escape(poll.question, quote=False), _beside)
        colours.append(raised)
        slips.append(unknown)
        options = [_labelled(escape(option, quote=False), _beside) for option in poll.options]
        colours += [raised for _, raised, _ in options]
        slips += [unknown for _, _, unknown in options]
        shown = (plain(rest).strip() or said for (rest, _, _), said in zip(options, poll.options, strict=True))
        poll = replace(poll, question=plain(question).strip(), options=tuple(shown))
    names = [spoken.contact.name] if spoken.contact is not None else []
    if spoken.file is not None:
        named = normalize("NFKC", spoken.file.name)
        # People look at the end of a name as at its beginning.
        names += [spoken.file.name, *(named[found.start() :] for found in _IN_NAME.finditer(named))]
    for name in names:
        _, raised, unknown = _labelled(escape(name, quote=False), _beside)
        colours.append(raised)
        slips.append(unknown)
    typed = next((one for one in slips if one is not None), None)
    return replace(spoken, html=html, poll=poll), higher(*colours), typed


def _compartment(spoken: Spoken, compartments: Collection[str]) -> str | None:
    """The name of a compartment in brackets, as typed, where a label would be heard."""
    names = "|".join(sorted(map(re.escape, compartments), key=len, reverse=True))
    bracketed = re.compile(rf"([\[【〔「])\s*({names})\s*(?=[\]】〕」])", re.IGNORECASE)

    def slip(text: str) -> str:
        alike = normalize("NFKC", text)
        return bracketed.sub(rf"\1{_SLIP}\2", alike) if bracketed.search(alike) else text

    poll, file, contact = spoken.poll, spoken.file, spoken.contact
    probe = replace(
        spoken,
        html=slip(spoken.html),
        poll=replace(poll, question=slip(poll.question), options=tuple(map(slip, poll.options))) if poll else None,
        file=replace(file, name=slip(file.name)) if file else None,
        contact=replace(contact, name=slip(contact.name)) if contact else None,
    )
    typed = marked(probe)[2] if probe != spoken else None
    return typed.replace(_SLIP, "") if typed is not None and _SLIP in typed else None


def higher(*raised: str | None) -> str | None:
    """The highest of these TLP colours (their words), if there is any."""
    found = [Tlp.parse(one) for one in raised if one is not None]
    return Tlp(max(found)).word if found else None


def labelled(html: str) -> tuple[str, str | None, str | None]:
    """Restricted HTML without the labels in front, the TLP colour (its word) they name, and what stands there if it is nearly one.

    Looked for at the start, after what is quoted there, and in the rest of the first line, where it stays. A colour may be said in the partners'
    languages.
    """
    return _labelled(html, _in_a_sentence)


def _labelled(html: str, ordinary: _Ordinary) -> tuple[str, str | None, str | None]:
    for start in _starts(html):
        rest, found, at = _from(html[start:])
        found += _within(rest, at, ordinary)
        typed = next((one.typed for one in found if one.colour is None), None)
        if typed is not None:
            return html, None, typed
        if found:
            return html[:start] + rest, higher(*(one.colour for one in found)), None
    return html, None, None


def _starts(html: str) -> Iterator[int]:
    yield 0
    end = 0
    for _ in range(3):
        end = html.find("</blockquote>", end)
        if end < 0:
            break
        end += len("</blockquote>")
        yield end
    quoted = re.match(r"(?:&gt;[^\n]*\n\s*)+", html)
    if quoted is not None:
        yield quoted.end()


def _from(html: str) -> tuple[str, list[_Found], int]:
    """``html`` without the labels in front, these, and how far into it what may stand there goes."""
    labels: list[_Found] = []
    for _ in range(8):
        signs = _signs(html, _HEAD)
        found = _first(signs)
        if isinstance(found, int):
            return html, labels, signs[found].start if found < len(signs) else signs[-1].end if signs else len(html)
        labels.append(found)
        if found.colour is None:
            break
        html = _without(html, signs[found.start].start, signs[found.end - 1].end)
    return html, labels, 0


def _within(html: str, begins: int, ordinary: _Ordinary) -> list[_Found]:
    """The labels in the rest of the line that goes on there, and what is nearly one; not what is ``ordinary`` where it stands."""
    ends = _LINE_ENDS.search(html, begins)
    line, more = (html[begins:], "") if ends is None else (html[begins : ends.start()], html[ends.start() :])
    if _IN_LINE.search(normalize("NFKC", unescape(line))) is None:
        return []
    text = "".join(sign.shown for sign in _signs(line))
    found: list[_Found] = []
    at = 0
    while (next_one := _IN_LINE.search(text, at)) is not None:
        one, at = _here(text, next_one.start())
        if one is not None and not ordinary(text, one, more):
            found.append(one)
    return found


def _here(text: str, at: int) -> tuple[_Found | None, int]:
    """What stands in brackets there, or is written out, if it is a label or nearly one; and where to read on."""
    if text[at] not in _OPEN:
        slip = _WRITTEN_OUT.match(text, at)
        if slip is None or not near(slip[1].lower()):
            return None, at + 3
        return _Found(None, slip[0], at, slip.end()), slip.end()
    inside, closed, typed, after = _brackets(text, at)
    colour, told = read(inside, closed=closed, square=True)
    if colour is None and (not told or speaks_of(inside)):
        return None, after
    return _Found(colour, typed, at, after), after


def _in_a_sentence(text: str, label: _Found, more: str) -> bool:
    """Whether brackets belong to the words around them: after an article (see the [red] zone), or where what is only nearly a label ends all that was
    said (open the [gate], done [amen]). An exact label there is one: whoever means none loses nothing but a reader."""
    before = text[max(0, label.start - _LONGEST) : label.start]
    after = text[label.end : label.end + 2]
    if _ARTICLE.search(before) is not None and after[:1].isspace() and after[1:].isalpha():
        return True
    if label.colour is not None:
        return False
    small = _SMALL.search(before)
    if small is None or not small[1].islower() or _WORDS.search(text, label.end) is not None:
        return False
    return _WORDS.search(plain(more)) is None


def _beside(text: str, label: _Found, more: str) -> bool:
    """The same of words beside something else (a caption, a question, a name): there a label holds for that wherever it stands."""
    return False


_Ordinary = Callable[[str, _Found, str], bool]


def _signs(html: str, most: int | None = None) -> list[_Sign]:
    """The characters that can be read, or the first of them, without those that nobody sees."""
    found: list[_Sign] = []
    for token in _TOKEN.finditer(html):
        if token[0][0] == "<" and len(token[0]) > 1:
            continue
        shown = normalize("NFKC", unescape(token[0]))
        found += [_Sign(one, token.start(), token.end()) for one in shown if category(one) != "Cf"]
        if most is not None and len(found) >= most:
            break
    return found


def _first(signs: list[_Sign]) -> _Found | int:
    """The first label in front, or nearly one; else how far what may stand in front of one goes."""
    text = "".join(sign.shown for sign in signs)
    at, by_name = 0, False
    while at < len(text):
        if text[at] in _OPEN:
            inside, closed, typed, after = _brackets(text, at)
            colour, told = read(inside, closed=closed, square=text[at] in _SQUARE)
            if told or (colour is not None and by_name):
                return _Found(None, typed, at, after)
            if colour is None:
                at = after
                continue
            while at > 0 and text[at - 1] in _MARKUP and text[after : after + 1] == text[at - 1]:
                at, after = at - 1, after + 1
            if text[after : after + 2] in (": ", ":\n"):
                after += 1
            return _Found(colour, "", at, after)
        in_front = _IN_FRONT.match(text, at)
        if in_front is not None:
            more = _NEXT_NAMES.match(text, in_front.end())
            at, by_name = (in_front.end(), by_name) if more is None else (more.end(), True)
        elif (before := _BEFORE_IT.match(text, at)) is not None:
            at = before.end()
        elif text[at].isalnum():
            slip = _TLP.match(text, at) or _BARE.match(text, at)
            return _Found(None, slip[0], at, slip.end()) if slip is not None and near(slip[1].lower()) else at
        else:
            at += 1
    return at


def _brackets(text: str, at: int) -> tuple[str, bool, str, int]:
    """What stands in the brackets that open there, whether they are closed on the same line, both as typed, and where to read on."""
    begins = next(n for n in range(at, len(text) + 1) if n == len(text) or text[n] not in _OPEN)
    closing = next((n for n in range(begins, min(len(text), begins + _LONGEST)) if text[n] in _CLOSE + "\n"), begins)
    if text[closing : closing + 1] in ("", "\n") or text[closing] not in _CLOSE:
        inside = text[begins : begins + _LONGEST].partition("\n")[0]
        return inside, False, text[at : begins + len(inside)], begins
    after = next(n for n in range(closing, len(text) + 1) if n == len(text) or text[n] not in _CLOSE)
    return text[begins:closing], True, text[at:after], after


def _without(html: str, start: int, end: int) -> str:
    """``html`` without the words from ``start`` to ``end``: tags there stay, except those that then have nothing in them."""
    between = [token[0] for token in _TOKEN.finditer(html[start:end]) if token[0][0] == "<" and len(token[0]) > 1]
    before: list[str] = []
    while start and category(html[start - 1]) == "Cf":
        start -= 1
    while start and html[start - 1] == ">" and html[(opened := html.rindex("<", 0, start)) + 1] != "/":
        before.append(html[opened:start])
        start = opened
    while html.startswith("</", end):
        closes = html.index(">", end) + 1
        between.append(html[end:closes])
        end = closes
    kept: list[str] = []
    for tag in [*reversed(before), *between]:
        if tag[1] == "/" and kept and kept[-1][1] != "/":
            kept.pop()
        else:
            kept.append(tag)
    if not start or html[start - 1].isspace():
        end += len(html[end:]) - len(html[end:].lstrip())
    return html[:start] + "".join(kept) + html[end:]
