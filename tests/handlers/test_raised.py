"""The label that whoever speaks puts in front: it is heard wherever it stands, a slip never passes in silence, and ordinary brackets stay."""

from __future__ import annotations

import pytest

from handlers.raised import higher, labelled, marked
from playbooks.restricted import plain, restricted
from playbooks.spoken import Contact, File, Poll, Spoken


@pytest.mark.parametrize(
    ("words", "rest", "raised"),
    [
        ("[red] hush", "hush", "red"),
        ("[red]\nhush", "hush", "red"),
        ("[red]: hush", "hush", "red"),
        ("[red!] hush", "hush", "red"),
        ("[TLP:AMBER+STRICT]hush", "hush", "amber+strict"),
        ("[TLP RED] hush", "hush", "red"),
        ("[amber strict] hush", "hush", "amber+strict"),
        ("[amber-strict] hush", "hush", "amber+strict"),
        ("[amber&amp;strict] hush", "hush", "amber+strict"),
        ("[ rouge ] chut", "chut", "red"),
        ("[grün] leise", "leise", "green"),
        ("[gru\u0308n] leise", "leise", "green"),
        ("［red］ hush", "hush", "red"),
        ("[𝗿𝗲𝗱] hush", "hush", "red"),
        ("[[red]] hush", "hush", "red"),
        ("*[red]* hush", "hush", "red"),
        ("\u200e[red] hush", "hush", "red"),
        ("[r\u00aded] hush", "hush", "red"),
        ("<b>[Red] a</b> b", "<b>a</b> b", "red"),
        ("<b><i>[red]</i></b> hush", "hush", "red"),
        ("[<b>red</b>] hush", "hush", "red"),
        ("<b>[</b>red] hush", "hush", "red"),
        ("<blockquote>[red] hush</blockquote>", "<blockquote>hush</blockquote>", "red"),
        ("<blockquote>So?</blockquote>[red] hush", "<blockquote>So?</blockquote>hush", "red"),
        ("> so they say\n[red] hush", "&gt; so they say\nhush", "red"),
        ("* [red] nods", "* nods", "red"),
        ("• [red] hush", "• hush", "red"),
        ("1. [red] hush", "1. hush", "red"),
        ("🔴 [red] hush", "🔴 hush", "red"),
        ("@Bo: [red] hush", "@Bo: hush", "red"),
        ("@Bo [red] hush", "@Bo hush", "red"),
        ("@bo:x.org [red] hush", "@bo:x.org hush", "red"),
        ("12:30 [red] hush", "12:30 hush", "red"),
        ("7.45 pm: [red] hush", "7.45 pm: hush", "red"),
        ("12h30 – [red] hush", "12h30 – hush", "red"),
        ("2026-11-23 [red] hush", "2026-11-23 hush", "red"),
        ("2026-11-23T12:30:05Z [red] hush", "2026-11-23T12:30:05Z hush", "red"),
        ("23.11.26, 12:30 [red] hush", "23.11.26, 12:30 hush", "red"),
        ("Re: [red] hush", "Re: hush", "red"),
        ("Fwd: AW: [red] hush", "Fwd: AW: hush", "red"),
        ("Ada: [red] hush", "Ada: hush", "red"),
        ("Ada, [red] hush", "Ada, hush", "red"),
        ("12:30 Ada van Hall: [red] hush", "12:30 Ada van Hall: hush", "red"),
        ("[URGENT] [red] hush", "[URGENT] hush", "red"),
        ("[red] [amber] hush", "hush", "red"),
        ("[red]", "", "red"),
    ],
)
def test_a_label_is_heard_wherever_people_put_it_in_front(words: str, rest: str, raised: str) -> None:
    """In any case, in the partners' languages, inside formatting, after signs and mentions; the rest is what was said."""
    assert labelled(restricted(words)) == (rest, raised, None)


@pytest.mark.parametrize("words", ["hush [red]", "I said: [red]", "four dead in the school [red]"])
def test_a_label_behind_the_words_is_heard(words: str) -> None:
    """Whoever writes a label last means it no less."""
    assert labelled(restricted(words))[1:] == ("red", None)


@pytest.mark.parametrize(
    "words",
    [
        *("[redd] x", "[reed] x", "[rd] x", "[erd] x", "[rad] x", "[ammber] x", "[ambr] x", "[amebr] x", "[grreen] x"),
        *("[ré d] x", "[rеd] x", "[amber+stirct] x", "[amber+strict+medical] x", "[red+strict] x", "[amber+] x"),
        *("[red: x]", "[red, hush] x", "[red/medical] x", "[code red] x", "[not red] x", "[t:red] x", "[tlp] x"),
        *("[TLP:RED x", "[red x", "red] x", "TLP:RED x", "TLP: amber+strict x", "(red) x", "{red} x", "<red> x"),
        *("[strict] x", "[amber][strict] x", "[secret] x", "[geheim] x", "[yellow] x", "@Ada Lovelace [red] x"),
        *("TLP_RED x", "tlp__red_x", "12:30 [redd] x", "Re: TLP:RED x", "Ada: [redd] x"),
        *("[<b>redd</b>] x", "<blockquote>So?</blockquote>[redd] x"),
    ],
)
def test_what_may_have_been_meant_for_a_label_is_known_as_such(words: str) -> None:
    """So that nothing is carried, and whoever wrote it is told what was not understood."""
    html, raised, unknown = labelled(restricted(words))
    assert (html, raised) == (restricted(words), None)
    assert unknown and unknown in plain(html)


@pytest.mark.parametrize(
    "words",
    [
        *(
            "[sic] x",
            "[3] x",
            "[redacted] x",
            "[x] done",
            "[ ] to do",
            "[1/2] x",
            "[…] x",
            "[]",
            "[",
            "((",
            "",
            "[Status] x",
        ),
        *("see the [red] zone", "The red bridge", "red bridge [closed]", "Ada: hi", "all done [read]"),
        *(
            "[ready] crews",
            "[road] N4 closed",
            "[room 12] x",
            "[hot] water",
            "[not confirmed] x",
            "[over] x",
            "[number 4] x",
        ),
        *("(ready) x", "(see annex) x", "[Read the annex first please] x", "<mayor> boats", "TLP is a protocol"),
        *("@Ada see annex [3]", "[https://x.org] x", "[" * 50, "[great] x", "[under way] x", "[food] x"),
    ],
)
def test_ordinary_brackets_are_words(words: str) -> None:
    """They are carried as they stand."""
    assert labelled(restricted(words)) == (restricted(words), None, None)


@pytest.mark.parametrize(
    ("words", "raised"),
    [
        *(
            (f"{front} [red] hush", "red")
            for front in ("Ada Lovelace", "ada", "URGENT", "Urgent -", "Fwd", "NB", "112")
        ),
        *(
            (f"{front} [red] hush", "red")
            for front in ("#flood", "https://x.org/a", "We have four dead", "* Ada van Hall")
        ),
        ("[amber] Ada [red] hush", "red"),
        ("four dead in hall 3 [red]", "red"),
        ("four dead [red]\nin hall 3", "red"),
        ("Ada [<b>TLP:AMBER+STRICT</b>] hush", "amber+strict"),
        ("<blockquote>So?</blockquote>Ada [rouge] hush", "red"),
        ("<blockquote>Ada [red] hush</blockquote>So?", "red"),
        ("so " * 5_000 + "［red］ hush", "red"),
    ],
)
def test_a_label_is_heard_anywhere_in_the_first_line(words: str, raised: str) -> None:
    """Whatever stands in front of it; only a label in front is taken out, so that no sentence loses a word."""
    html, found, unknown = labelled(restricted(words))
    assert (found, unknown) == (raised, None)
    assert html == restricted(words).removeprefix("[amber] ")


@pytest.mark.parametrize(
    "words",
    [
        "Ada [redd] x",
        "URGENT TLP:RED x",
        "Ada [internal] x",
        "Ada [red",
        "[amber] Ada [amber+stirct] x",
        "Level [orange] now",
    ],
)
def test_what_is_nearly_a_label_is_known_anywhere_in_the_first_line(words: str) -> None:
    """Nobody carries it, and whoever wrote it is told."""
    html, raised, unknown = labelled(restricted(words))
    assert (html, raised) == (words, None) and unknown and unknown in words


@pytest.mark.parametrize(
    "words",
    [
        *("NB red alert", "the red bridge is closed", "Meet at the red (or green) dam", "see the [red zone] map"),
        *(
            "call [Red Cross](http://x.org) now",
            "that is [code red] here",
            "Ada\nand [red] below",
            "as in annex [internal]",
        ),
        *("Ada [ready] crews", "in der [rot] Zone", "TLP is red here", "Boats [2] at the dam [x]"),
    ],
)
def test_a_colour_in_running_text_is_a_word(words: str) -> None:
    """Without brackets, in a name or a phrase, after an article, nearly one at the very end of a sentence, or below the first line."""
    assert labelled(restricted(words)) == (restricted(words), None, None)


def test_a_label_holds_for_what_its_line_stands_beside() -> None:
    """A caption, a question, an option or a name ends with one as with any words: what it is about is held as closely."""
    file = File("matrix", "{}", name="a.jpg")
    assert marked(Spoken("victims [red]", file))[1] == "red"
    assert marked(Spoken("hideout [red]", point=(1, 2)))[1] == "red"
    assert marked(Spoken(poll=Poll("who dies [red]", ("a", "b [amber]"))))[1] == "red"
    assert marked(Spoken(contact=Contact("informant [red]", "1")))[1] == "red"


def test_a_label_is_heard_in_whatever_is_said() -> None:
    """In a poll's question, which goes on without it, in the name of a file or a contact; the highest of several counts."""
    asked, raised, unknown = marked(Spoken(poll=Poll("[red] Which <dam> & when?", ("[green] one", "two"), True)))
    assert asked.poll == Poll("Which <dam> & when?", ("one", "two"), True) and (raised, unknown) == (
        "red",
        None,
    )
    for name in ("[red] plan.pdf", "［TLP:RED］plan.pdf"):
        file = File("matrix", "{}", name=name)
        assert marked(Spoken("[amber] look", file)) == (Spoken("look", file), "red", None)
    assert marked(Spoken(contact=Contact("[red] Ada", "1")))[1] == "red"
    for slip in (Spoken("[red] x", File("matrix", "{}", name="[redd] x")), Spoken(poll=Poll("[redd] x?", ("a", "b")))):
        assert marked(slip)[2] == "[redd]"


def test_a_label_is_heard_in_every_option_of_a_poll() -> None:
    """The options lose it, unless there is nothing else in them; one that may have been meant for a label is known as such."""
    said, raised, unknown = marked(Spoken(poll=Poll("Where?", ("[red] Secret Street 5", "No", "[amber]"))))
    assert said.poll is not None and said.poll.options == ("Secret Street 5", "No", "[amber]")
    assert (raised, unknown) == ("red", None)
    assert marked(Spoken(poll=Poll("Where?", ("Here", "[redd] there"))))[2] == "[redd]"


@pytest.mark.parametrize(
    ("name", "raised", "unknown"),
    [
        ("plan [red].pdf", "red", None),
        ("plan_[red].pdf", "red", None),
        ("plan ［amber］ 2.pdf", "amber", None),
        ("[green] plan [red].pdf", "red", None),
        ("plan [redd].pdf", None, "[redd]"),
        ("TLP_RED_plan.pdf", None, "TLP_RED"),
        ("plan-TLP_RED.pdf", None, "TLP_RED"),
        ("plan [2] (1).pdf", None, None),
        ("redesign.pdf", None, None),
        ("outlps.pdf", None, None),
    ],
)
def test_a_label_is_heard_anywhere_in_the_name_of_a_file(name: str, raised: str | None, unknown: str | None) -> None:
    """Also at its end, where programs and people put it."""
    assert marked(Spoken(file=File("telegram", "{}", "file", name)))[1:] == (raised, unknown)


def test_the_highest_of_several() -> None:
    """None where nobody says anything."""
    assert (higher(None, None), higher("green", None, "amber+strict", "amber")) == (None, "amber+strict")


@pytest.mark.parametrize(
    "hostile",
    [
        *("[<b>" * 20_000, "<b>" * 50_000 + "[red]" + "</b>" * 50_000, "[" * 200_000, "[red]" * 40_000),
        *("&gt; a\n" * 40_000, "<blockquote></blockquote>" * 20_000, "\u200b" * 100_000 + "[red] x", "@a" * 90_000),
        *(
            "a " + "[red]" * 12_000,
            "a " + "[x " * 20_000,
            "a [red] the " * 5_000,
            "a tlp" * 12_000,
            "tlp" + "_" * 60_000,
            "a " + "b [amen] " * 6_666,
            "a "
            + " ".join(f"b [{chr(97 + n % 26)}m{chr(97 + n // 26 % 26)}{chr(97 + n // 676)}]" for n in range(6_666)),
            "a " + "[" * 60_000,
        ),
    ],
)
def test_nothing_takes_long(hostile: str) -> None:
    """However odd: what is read is read once."""
    assert len(labelled(hostile)[0]) <= len(hostile)
