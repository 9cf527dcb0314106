"""Loading: every error at its place, several at once, in our own words, and nothing but PlaybookErrors."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from playbooks.characters import MOST_BYTES
from playbooks.load import Mark, PlaybookErrors, content, load, parse
from playbooks.problems import MOST_SHOWN, nearest
from playbooks.schema_lists import distinct
from playbooks.schema_words import PartnerRef
from playbooks.yaml12 import MOST_NODES
from playbooks.yaml12 import read as read_tree
from tests.playbooks.small import SMALL, changed, errors, place_of, places, read

THEIR_ENGLISH = ("Input should", "Field required", "Extra inputs", "valid string", "validation error", "Value error")


def test_a_right_playbook_is_read_with_its_digest_and_the_lines_of_its_entries() -> None:
    """A book knows its bytes, their SHA-256, and where each entry stands; what does not has its ancestor's line."""
    book = read(SMALL)
    assert book.source == SMALL.encode()
    assert book.digest == hashlib.sha256(SMALL.encode()).hexdigest()
    assert book.marks["alerts", "evacuation", "to"] == place_of(SMALL, "to: everyone\n")
    assert book.line("sharing", 0) == place_of(SMALL, "- {permit").line
    assert book.marks["sharing", 0].column == 5
    assert book.values["version",] == Mark(2, 10)
    assert book.line("alerts", "evacuation", "by") == book.line("alerts", "evacuation")
    assert book.line("nothing", "of", 3) == 1


@pytest.mark.parametrize(
    ("old", "new", "passage", "said"),
    [
        ("version: 1", "version: one", "one", "the text `one` stands where a whole number is meant; write plain"),
        ("version: 1", "version: 010", "010", "the text `010` stands where a whole number is meant"),
        ("version: 1", "version: 0x1F", "0x1F", "`0x1F` stands where a whole number is meant"),
        ("version: 1", "version: 1_000", "1_000", "`1_000` stands where a whole number is meant"),
        ("version: 1", "version: 1.0", "1.0", "the number `1.0` stands where a whole number is meant; write a whole"),
        ("version: 1", 'version: "1"', '"1"', "stands where a whole number is meant; remove the quotes"),
        ("version: 1", "version: true", "true", "`true` stands where a whole number is meant"),
        ("version: 1", "version: 0", "0\n", "`0` is too small; write 1 or more"),
        ("version: 1", "version:", "\ntitle", "there is no value here; write one, or leave the key out"),
        ("version: 1", "version: ~", "~", "there is no value here"),
        ("5.6, 2]", "5.6, .inf]", ".inf", "the text `.inf` stands where a number is meant"),
        ("5.6, 2]", "5.6, 1e999]", "1e999", "the text `1e999` stands where a number is meant"),
        ("5.6, 2]", "5.6]", "circle", "this list is too short"),
        ("5.6, 2]", "5.6, 2, 1]", "circle", "there is too much here; write at most 3 values"),
        ("[50.6,", "[95.6,", "95.6", "`95.6` is too large; write 90 or less"),
        ("name: City", "name: 7", "7\n", 'the number `7` stands where a text is meant; put it in quotes: "7"'),
        ("name: City", "name: [City]", "name: [", "a list stands where a text is meant"),
        ("name: City", 'name: " "', '" "', "this text is empty"),
        ("kind: municipality", "kind: municipalty", "municipalty", "for `kind`; did you mean `municipality`?"),
        ("kind: municipality", "kind: no", "no\n", "`no` is not known for `kind`; did you mean `ngo`?"),
        ("level: local", "levle: local", "levle", "the key `levle` is unknown here; did you mean `level`?"),
        ("    level: local\n", "", "city:", "`level` is missing; add `level: …`"),
        ("jurisdiction: be\n", "jurisdiction: bee\n", "bee", "there is no jurisdiction `bee`; did you mean `be`?"),
        ("covers: [town]", "covers: [twon]", "twon", "there is no area `twon`; did you mean `town`?"),
        ("{tlp: amber}", "{tlp: ambre}", "ambre", "there is no TLP level `ambre`; did you mean `amber`?"),
        ("lead: city", "lead: cty", "cty", "there is no partner `cty`; did you mean `city`?"),
        ("in: [watch, response]", "in: [watch, respons]", "respons]", "there is no phase `respons`; did you mean"),
        ("permit: [what, where]", "permit: [what, were]", "were", "there is no field `were`; did you mean `where`?"),
        ("under: pact", "under: pacts", "pacts", "there is no agreement `pacts`; did you mean `pact`?"),
        ("to: everyone\n", "to: everyon\n", "everyon\n", "there is no partner `everyon`; did you mean `everyone`?"),
        ("to: everyone\n", "to: {kind: fier}\n", "fier", "`fier` is not known for `kind`; did you mean `fire`?"),
        ("to: everyone\n", "to: [lead, {not: x}]\n", "x}", "there is no partner `x`"),
        ("to: everyone\n", "to: {}\n", "to: {}", "this mapping matches nothing in particular"),
        ("to: everyone\n", "to: []\n", "to: []", "this selects nobody"),
        ("main: what", "main: when", "when", "there is no field `when`"),
        ('"{where}"]', '"{were}"]', '"{were}', "there is no field `were`; did you mean `where`?"),
        ('"{where}"]', '"{where"]', '"{where', "has no partner; write `{field}`"),
        ("urgency: Immediate", "urgency: immediate", "immediate", "not known for `urgency`; did you mean `Immediate`?"),
        ("from: 2021-01-01", "from: 2021-02-30", "2021-02-30", "is a day that no calendar has"),
        ("from: 2021-01-01", "from: 1.1.2021", "1.1.2021", "is not a date; write it as year-month-day"),
        ("from: 2021-01-01", "from: 2028-01-01", "2027-12-31", "it ends before it begins"),
        ("between: [be, nl]", "between: [be]", "between", "there is not enough here; write at least 2 values"),
        ("Europe/Brussels", "Europe/Brussel", "Europe/Brussel\n", "did you mean `Europe/Brussels`?"),
        ("languages: [en, fr]", "languages: [en, en]", "en]", "`en` is listed twice; name it once"),
        ("languages: [en, fr]", "languages: [English]", "English]", "`English` is not a language"),
        ("playbook: small", "playbook: Small Town", "Small Town", "`Small Town` is not a name; use lower case"),
        ("  city:\n", "  lead:\n", "lead:\n", "`lead` has a meaning of its own here; choose another name"),
        ("#city:example.org", "city", '"city"', "`city` is not a Matrix room"),
        ("{permit: [what, where], to", "{allow: [what, where], to", "{allow", "this rule neither permits nor forbids"),
        ("forms: {area: green}", "forms: {day: green}", "day", "a place has no form `day`"),
        ("{type: text, tlp: green}", "{type: text, tlp: green, many: yes}", "yes", "write `true` or `false`"),
        ("{in: [watch, response], lead: city}", "{in: [watch]}", "{in: [watch]}", "nobody leads here"),
        ("  what: {type: text", "  _what: {type: text", "_what", "`_what` is not a built-in field"),
        ("title: {en: Small, fr: Petit}", "title: {English: Small}", "English", "`English` is not a language"),
    ],
)  # fmt: skip
def test_each_kind_of_error_is_told_at_its_place(old: str, new: str, passage: str, said: str) -> None:
    """One slip gives an error at its exact line and column, that says what is wrong and what would be right."""
    broken = changed(old, new)
    after = broken[broken.index(new) :]
    start = place_of(broken, new)
    told = errors(broken)
    offset = after.index(passage) if passage in after else -1
    if offset >= 0:
        before = after[:offset]
        column = start.column + offset if "\n" not in before else offset - before.rfind("\n")
        place = Mark(start.line + before.count("\n"), column)
    else:
        place = place_of(broken, passage)
    assert any(line.startswith(f"small.yaml:{place.line}:{place.column}: ") and said in line for line in told), told


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: City", "name: &it City", "anchors (`&`) are not part of the language"),
        ("name: City", "name: *it", "aliases (`*`) are not part of the language"),
        ("name: City", "name: !!str City", "tags (`!`) are not part of the language"),
        ("name: City", "name: ! City", "tags (`!`) are not part of the language"),
        ("    name: City", "    <<: {name: City}", "merges (`<<`) are not part of the language; write the keys out"),
        ("    name: City", "    1: City", 'the key `1` is a number; put it in quotes: "1"'),
        ("    name: City", "    ? [a]\n    : City", "a key cannot be a list or a mapping"),
        ("name: City", "name: a: b", "a `:` stands where no key can be"),
        ("name: City", "name: [City", "a `[` is not closed"),
        ("    to: everyone", '    to: "everyone', "the quoted text that begins here does not end"),
        ("name: City", "name: @City", "this character cannot begin a value"),
        ("name: City", "\tname: City", "a tab stands where only spaces may"),
        ("name: City", 'name: "a\\0b"', "this text has an invisible character (U+0000)"),
        ("name: City", "name: Ci\x00ty", "there is a NUL byte here"),
        ("name: City", "name: Ci\u202ety", "there is an invisible character here (U+202E)"),
        ("phases:", "---\nphases:", "a second document begins here; keep one playbook in one file"),
    ],
)
def test_what_yaml_can_do_and_the_language_does_not_have_is_refused(old: str, new: str, said: str) -> None:
    """Anchors, aliases, merges, tags, odd keys, broken syntax, hidden characters and second documents are errors."""
    told = errors(changed(old, new))
    assert any(said in line for line in told), told


def test_all_repeated_keys_are_told_each_with_the_line_of_the_first() -> None:
    """A key that stands three times gives two errors, at the second and the third."""
    broken = changed("    level: local\n", "    level: local\n    level: regional\n    level: national\n")
    first = place_of(broken, "    level").line
    fix = f"keep one; the first is on line {first}"
    assert errors(broken) == [
        f"small.yaml:{first + 1}:5: the key `level` stands here a second time; {fix} [duplicate-key]",
        f"small.yaml:{first + 2}:5: the key `level` stands here a second time; {fix} [duplicate-key]",
    ]


def test_several_errors_are_told_at_once_in_the_order_of_the_file() -> None:
    """Wrong types, undefined names, unknown and repeated keys do not hide each other."""
    broken = changed("version: 1", "version: one").replace("under: pact", "under: pakt").replace("level:", "levle:")
    broken += "    ack: {within: 5}\n    ack: {within: 5m}\n"
    told = errors(broken)
    assert len(told) == 6
    assert [line.split(": ", 1)[1].partition(";")[0] for line in told] == [
        "the text `one` stands where a whole number is meant",
        "`level` is missing",
        "the key `levle` is unknown here",
        "there is no agreement `pakt`",
        "`5` is not a duration",
        "the key `ack` stands here a second time",
    ]


def test_what_is_already_reported_is_not_reported_again() -> None:
    """An alias in place of a partner, or an undefined name in a list, gives one error and no echo."""
    assert len(errors(changed("lead: city", "lead: *city"))) == 1
    assert len(errors(changed("permit: [what, where]", "permit: [wat]"))) == 1


def test_no_is_a_text_and_numbers_are_written_one_way() -> None:
    """The scalars are those of YAML 1.2: `no`, `on` and `2021-01-01` are texts where a text is meant."""
    book = read(changed("languages: [en, fr]", "languages: [en, no]").replace("name: City", "name: 2021-01-01"))
    assert book.playbook.languages == ("en", "no")
    assert book.playbook.partners["city"].name == "2021-01-01"
    assert read(changed("version: 1", "version: 12")).playbook.version == 12


def test_utf_8_is_read_with_and_without_a_byte_order_mark_and_nothing_else() -> None:
    """A byte order mark changes nothing but the digest; other encodings are told, with the first bad byte's place."""
    with_mark = parse(b"\xef\xbb\xbf" + SMALL.encode(), "small.yaml")
    assert with_mark.playbook == read(SMALL).playbook
    assert with_mark.marks == read(SMALL).marks
    assert errors(SMALL.encode("utf-16")) == ["small.yaml:1:1: the file is in UTF-16; save it as UTF-8 [not-utf8]"]
    assert errors("playbook: a\ntitle: é".encode("latin-1")) == [
        "small.yaml:2:8: this byte is not UTF-8; save the file as UTF-8 [not-utf8]"
    ]
    assert places(SMALL.replace("\n", "\r\n")) == set()


@pytest.mark.parametrize("source", ["", " \n\n", "# only words\n", "---\n"])
def test_an_empty_file_is_told_how_a_playbook_begins(source: str) -> None:
    """Nothing, blank lines and comments are no playbook, and the error says how to begin."""
    assert len(errors(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        b"[" * 100_000,
        b"{a: " * 100_000,
        b"- " * 100_000,
        b"? " * 100_000,
        b"[" + b"a," * 4_000_000,
        b"a: b\n" * 1_500_000,
        b"a: " + b"1" * 5_000_000,
        b"a" * (8 * 1024 * 1024 + 1),
        b"a: &a [*a, *a, *a]\n" * 100_000,
        b"languages: [" + b"a, " * 90_000 + b"]",
        b"partners: {" + b"".join(b"p%d: {x: 1}, " % i for i in range(20_000)) + b"}",
        b"sharing: [" + b"{permit: [x, y], to: [z]}, " * 12_000 + b"]",
        b"alerts: {a: {text: '" + b"{x} " * 1_900_000 + b"'}}",
        b"activate: {by: " + b"{not: " * 36 + b"everyone" + b"}" * 36 + b"}",
        b"checkins: {a: {cron: '" + b"1," * 3_000_000 + b"'}}",
        b"\x00" * 1_000_000,
        b"phases: [" + b",".join(b"p%d" % i for i in range(90_000)) + b"]",
        b"partners: {"
        + b"".join(b"p%060d: {x: 1}, " % i for i in range(4_900))
        + b"}\nactivate: {by: ["
        + b"".join(b"p%060d," % i for i in range(100_000, 120_000))
        + b"]}",
        b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (i + 1, i + 1, i, i) for i in range(97, 122)),
        b"\x7fELF" + bytes(range(256)) * 1000,
        b"'" + b"\n" * 8_000_000 + b"'",
        b"%YAML 1.1\n---\na: 1",
        b"%TAG ! tag:example.org:\n---\n!a b",
    ],
    ids=lambda source: repr(source[:12]),
)
@pytest.mark.timeout(10)
def test_hostile_files_give_a_few_errors_and_soon(source: bytes) -> None:
    """Depth, size, repetition and long numbers end in at most 101 short errors, never in another exception."""
    told = errors(source)
    assert 1 <= len(told) <= 101
    assert all(len(line) < 1000 for line in told)


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    """Of 50 MB no more is read than shows that it is too much, and nothing is parsed."""
    file = tmp_path / "large.yaml"
    with file.open("wb") as large:
        large.truncate(50 * 1024 * 1024)
    assert len(content(file)) == MOST_BYTES + 1
    with pytest.raises(PlaybookErrors, match=r"larger than 8 MB"):
        load(file)


def test_no_more_values_are_kept_than_a_playbook_can_need() -> None:
    """Reading stops at the limits for values and depth, and what was read until then is not looked at."""
    for source in (b"a: [" + b"x," * 4_000_000 + b"]", b"[" * 100_000):
        tree = read_tree(source, "any.yaml")
        assert len(tree.marks) <= MOST_NODES
        assert tree.value is None
        assert len(tree.problems) == 1


def test_likeness_is_not_looked_for_among_too_many_names() -> None:
    """Where it would be costly to find the nearest name, none is named."""
    name, much_alike = "x" * 59 + "y", "x" * 60
    assert nearest(name, [much_alike]) == much_alike
    assert nearest(name, [f"x{i:059}" for i in range(4_000)] + [much_alike]) is None
    assert nearest("y" * 65, ["y" * 64]) is None


class Unwritten(dict[str, str]):
    """Names that must not be written out: doing so for each error is what makes a hostile file slow."""

    def __repr__(self) -> str:
        raise AssertionError("all known names were written out")


def test_the_known_names_are_not_written_out_for_each_error() -> None:
    """An undefined name costs the same however many are known, until it is told."""
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(PartnerRef).validate_python("x", context={"partner": Unwritten(y="")})
    assert "partner" in str(refused.value)
    assert refused.value.errors()[0]["ctx"]["known"]() == {"y": ""}


class Compared(str):
    """A word that counts how often words are compared."""

    __slots__ = ()
    times = 0

    def __eq__(self, other: object) -> bool:
        type(self).times += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_a_list_is_searched_for_repetitions_once() -> None:
    """Each entry is looked up, not compared with all before it; and not every repetition becomes an error."""
    words = tuple(Compared(f"w{i}") for i in range(2_000))
    assert distinct(words) == words
    assert Compared.times <= 2 * len(words)
    with pytest.raises(PydanticCustomError) as refused:
        distinct(words * 3)
    assert len((refused.value.context or {})["findings"]) <= MOST_SHOWN + 1


def test_a_file_that_cannot_be_read_is_the_system_s_error(tmp_path: Path) -> None:
    """A missing file, a folder, a device without end and a pipe without a writer are no fault of a playbook."""
    os.mkfifo(tmp_path / "pipe.yaml")
    for path, error in (
        (tmp_path / "none.yaml", FileNotFoundError),
        (tmp_path, IsADirectoryError),
        (Path("/dev/zero"), OSError),
        (tmp_path / "pipe.yaml", OSError),
    ):
        with pytest.raises(error) as told:
            load(path)
        assert told.value.strerror
        assert told.value.filename == str(path)


def test_what_a_file_calls_things_cannot_reach_a_terminal() -> None:
    """Line ends and controls in names are written as escapes in errors, also where names are suggested."""
    for told in (errors(changed("  town:", '  "to\\n\\e[2Jwn":')), errors(changed("  city:", '  "ci\\nty":'))):
        assert told
        assert all(line.isprintable() for line in told), told


def harmless(source: bytes) -> None:
    """Loading gives a book or errors, each inside the file and in our words."""
    try:
        parse(source, "any.yaml")
    except PlaybookErrors as found:
        lines = (
            source.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        )
        rows = lines.split("\n")
        for problem in found.errors:
            assert 1 <= problem.line <= len(rows)
            assert 1 <= problem.column <= len(rows[problem.line - 1]) + 1
            assert "\n" not in str(problem)
            assert not any(words in str(problem) for words in THEIR_ENGLISH), problem


@given(st.binary(max_size=300))
def test_any_bytes_give_a_book_or_errors(source: bytes) -> None:
    """Whatever the bytes, nothing but PlaybookErrors is raised, and places lie inside the file."""
    harmless(source)


@example("?")
@example("a:\n")
@given(st.text(alphabet=st.sampled_from(list("ab: -[]{},\"'#&*!|>?%@\n\t\r01.~<é\u2028\U0001f30a")), max_size=80))
def test_any_yaml_like_text_gives_a_book_or_errors(text: str) -> None:
    """The same for texts made of the characters that YAML cares about."""
    harmless(text.encode())


ODD = (
    "everyone", "lead", "{}", "[]", "[[a]]", "{a: b}", "7", "-1.5", "true", "~", "010", "''", "5m", "{en: x}", "&a",
    "[city]", "2021-01-01", "{kind: fire}", "*a", '"{x"', "{tlp: red}", "[{matrix: x}]", "[1, 2]", "x\n  y: z",
)  # fmt: skip


@given(st.data())
def test_any_value_in_any_place_gives_a_book_or_errors(data: st.DataObject) -> None:
    """Each value of a right playbook, replaced by something odd, is read, or refused at a place in the file."""
    book = read(SMALL)
    lines = SMALL.split("\n")
    mark = data.draw(st.sampled_from(sorted(set(book.values.values()))))
    odd = data.draw(st.sampled_from(ODD))
    line = lines[mark.line - 1]
    rest = line[mark.column - 1 :]
    end = min((rest.index(stop) for stop in (",", "}", "]") if stop in rest), default=len(rest))
    lines[mark.line - 1] = line[: mark.column - 1] + odd + rest[end:]
    harmless("\n".join(lines).encode())


@given(st.integers(0, len(SMALL)), st.integers(0, 40), st.text(alphabet="ab:{}[]-, \n&*!1", max_size=4))
def test_any_cut_in_a_right_playbook_gives_a_book_or_errors(start: int, length: int, between: str) -> None:
    """A right playbook from which a passage was cut, or into which something slipped, is read or refused at a place."""
    harmless((SMALL[:start] + between + SMALL[start + length :]).encode())
