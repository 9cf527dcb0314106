"""What a kept event of a room says, whatever client wrote it and however odd it is."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.networks import matrix_polls, matrix_read
from bot.networks.matrix_write import MARKER
from bot.networks.port import Heard
from playbooks import spoken
from playbooks.restricted import restricted
from playbooks.spoken import File, Poll, Spoken
from tests.emulators.matrix_speech import answering, in_thread, poll

HTML = "org.matrix.custom.html"
MXC = "mxc://example.org/AbC-_1"
KEY = {"kty": "oct", "alg": "A256CTR", "k": "abc", "key_ops": ["encrypt"], "ext": True}
SEALED = {"url": MXC, "key": KEY, "iv": "iv", "hashes": {"sha256": "digest"}, "v": "v2"}


def heard(content: dict[str, Any], kind: str = "m.room.message", /, **context: Any) -> Heard | None:
    """What such an event of ada's says."""
    event = {"event_id": "$1", "sender": "@ada:x", "type": kind, "origin_server_ts": 2_000, "content": content}
    if "redacts" in context:
        event["redacts"] = context.pop("redacts")
    return matrix_read.read(
        matrix_read.spoken("$1", "!x", event, heard=1_000, private=False, name="ada", context=context)
    )


def words(content: dict[str, Any], kind: str = "m.room.message", /, **context: Any) -> tuple[str, str]:
    """The restricted HTML and the plain words of such an event."""
    found = heard(content, kind, **context)
    assert found is not None and found.spoken is not None
    return found.spoken.html, found.text


def shown(msgtype: str = "m.image", **more: Any) -> Heard:
    found = heard({"msgtype": msgtype, "body": "crue.png", "url": MXC, **more})
    assert found is not None
    return found


def file_of(msgtype: str = "m.image", **more: Any) -> File:
    found = shown(msgtype, **more).spoken
    assert found is not None and found.file is not None
    return found.file


def test_words_are_plain_and_marked_up() -> None:
    """The plain words are the sender's own; the markup is read where it is HTML, and made of the plain words elsewhere."""
    assert words({"msgtype": "m.text", "body": "**a** < b", "format": HTML, "formatted_body": "<b>a</b> &lt; b"}) == (
        "<b>a</b> &lt; b",
        "**a** < b",
    )
    assert words({"msgtype": "m.text", "body": "a < b"}) == ("a &lt; b", "a < b")
    assert words({"msgtype": "m.text", "body": "a", "format": "other", "formatted_body": "<b>x</b>"}) == ("a", "a")
    assert words({"msgtype": "m.text", "body": "a", "format": HTML, "formatted_body": "<script>x</script>"}) == (
        "a",
        "a",
    )
    assert words({"msgtype": "m.text", "format": HTML, "formatted_body": "<b>x</b>"}) == ("<b>x</b>", "x")
    assert words({"msgtype": "m.emote", "body": "nods", "format": HTML, "formatted_body": "<i>nods</i>"}) == (
        "* <i>nods</i>",
        "* nods",
    )
    assert words({"msgtype": "x.unknown", "body": "a"}) == ("a", "a"), "what nobody knows is at least its words"
    assert heard({"msgtype": "m.text", "body": ""}) is None
    assert heard({"msgtype": "m.key.verification.request", "body": "please verify"}) is None


@pytest.mark.parametrize("odd", [["m.text"], {"m.image": 1}, None, 5, True])
def test_a_kind_of_message_that_is_no_word_is_no_message(odd: object) -> None:
    """No client shows it; alone or as an edit nothing is heard of it."""
    content = {"msgtype": odd, "body": "[red] x"}
    edit = {"msgtype": "m.text", "m.new_content": content, "m.relates_to": {"rel_type": "m.replace", "event_id": "$m"}}
    assert heard(content) is None and heard(edit) is None


def test_an_answer_is_without_what_it_answers() -> None:
    """Older clients repeat it before the answer, in the plain words and in the HTML."""
    content = {
        "msgtype": "m.text", "body": "> <@bo:x> où ?\n> là ?\n\nici", "format": HTML,
        "formatted_body": "<mx-reply><blockquote>où ? là ?</blockquote></mx-reply><b>ici</b>", "m.relates_to": answering("$0"),
    }  # fmt: skip
    found = heard(content)
    assert found is not None and found.reply_to == "$0" and words(content) == ("<b>ici</b>", "ici")
    del content["m.relates_to"]
    assert words(content)[1].startswith("> <@bo:x>"), "what answers nothing quotes on purpose"


def test_threads_and_answers_are_two_things() -> None:
    """What is said in a thread names its beginning, and answers a message only where the person said so."""
    for relation, thread, reply in (
        (in_thread("$root", latest="$9"), "$root", None),
        (in_thread("$root", answers="$9"), "$root", "$9"),
        ({"rel_type": "m.thread", "event_id": "$root"}, "$root", None),
        (answering("$9"), None, "$9"),
        ({}, None, None),
        ([], None, None),
    ):
        found = heard({"msgtype": "m.text", "body": "a", "m.relates_to": relation})
        assert found is not None and (found.thread, found.reply_to) == (thread, reply)


@pytest.mark.parametrize(
    "mark",
    [
        {"msgtype": "m.notice"},
        {MARKER: "t1"},
        {"fi.mau.double_puppet_source": "mautrix-telegram"},
        {"net.maunium.telegram.puppet": True},
        {"uk.half-shot.messageclass": "x"},
        {"external_url": "https://t.me/c/1/2"},
    ],
)
def test_what_programs_say_is_known_as_that(mark: dict[str, Any]) -> None:
    """Bots and bridges are told from people, in words, edits, reactions and votes."""
    content = {"msgtype": "m.text", "body": "a"}
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": "👍"}}
    for kind, plain in (("m.room.message", content), ("m.reaction", reaction)):
        person, program = heard(plain, kind), heard(plain | mark, kind)
        assert person is not None and program is not None
        assert (person.automatic, program.automatic) == (False, True)
        assert program.forwarded == ("us" if MARKER in mark else None)
        assert program.as_notice is (mark == {"msgtype": "m.notice"}) and not person.as_notice
    both = heard(content | {"msgtype": "m.notice"} | mark)
    assert both is not None and both.as_notice is (mark == {"msgtype": "m.notice"})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"msgtype": "m.image", "info": {"mimetype": "image/png"}}, "photo"),
        ({"msgtype": "m.image", "info": {"mimetype": "image/GIF"}}, "animation"),
        ({"msgtype": "m.video"}, "video"),
        ({"msgtype": "m.video", "info": {"fi.mau.gif": True}}, "animation"),
        ({"msgtype": "m.audio"}, "audio"),
        ({"msgtype": "m.audio", "org.matrix.msc3245.voice": {}}, "voice"),
        ({"msgtype": "m.file"}, "file"),
    ],
)
def test_each_kind_of_file_is_known(content: dict[str, Any], kind: str) -> None:
    """As its sender's client calls it; what is in it is found out later."""
    assert file_of(**content).kind == kind


def test_a_file_says_what_it_is() -> None:
    """Name, type, size and length are the sender's word; what is no number or no type is left out."""
    info = {"mimetype": "video/mp4; codecs=x", "size": 1234, "w": 640.0, "h": 480, "duration": 2600}
    assert file_of("m.video", info=info) == File(
        "matrix", json.dumps({"mxc": MXC}, separators=(",", ":")), "video", "crue.png", "video/mp4", 1234, 640, 480, 3,
        millis=2600,
    )  # fmt: skip
    odd = {"mimetype": "<b>", "size": -1, "w": True, "h": "480", "duration": 1e300}
    assert file_of(info=odd) == File("matrix", '{"mxc":"mxc://example.org/AbC-_1"}', "photo", "crue.png")
    assert file_of(info=[]).size is None
    assert file_of("m.audio", **{"org.matrix.msc1767.audio": {"duration": 1500}}).seconds == 2
    voice = {"duration": 3200, "waveform": [0, 7.0, 2000]}
    assert file_of("m.audio", **{"org.matrix.msc1767.audio": voice}).waveform == (0, 7, 1024)
    for rubbish in ([0, "1"], [0, -1], [0, True], [0] * 1025, "0", {"a": 1}, [[0]]):
        assert file_of("m.audio", **{"org.matrix.msc1767.audio": {"waveform": rubbish}}).waveform == ()
    assert file_of(filename="a\n\u202eb" * 300).name == ("a b" * 300)[:255]


def test_a_sealed_file_keeps_its_key() -> None:
    """With it, and with nothing else that was written beside it, the file can be fetched and opened."""
    assert json.loads(file_of(url=None, file={**SEALED, "mimetype": "x"}).where) == {"mxc": MXC, "file": SEALED}


@pytest.mark.parametrize(
    "where",
    [
        {"url": "https://example.org/x.png"},
        {"url": "mxc://example.org/../x"},
        {"url": "mxc://example.org/a/b"},
        {"url": "mxc://example.org/a?b"},
        {"url": None},
        {"file": {**SEALED, "url": "https://example.org/x"}},
        {"file": {**SEALED, "key": "abc"}},
        {"file": {**SEALED, "iv": None}},
        {"file": {**SEALED, "hashes": {}}},
        {"file": {}},
    ],
)
def test_a_file_that_is_nowhere_is_named(where: dict[str, Any]) -> None:
    """What is not on a homeserver, or sealed without a key, is never asked for; that there was something is still said."""
    found = shown(**where, filename="crue.png", body="regardez <ici>")
    assert found.spoken == Spoken("📎 crue.png\nregardez &lt;ici&gt;")
    assert found.text == "📎 crue.png\nregardez <ici>"


def test_a_caption_is_told_from_a_name() -> None:
    """The body is words where the name stands apart and differs; commands are read from the words alone."""
    assert (shown().text, file_of().name) == ("", "crue.png")
    assert (shown(filename="crue.png").text, file_of(filename="crue.png").name) == ("", "crue.png")
    found = shown(filename="a.png", body="!report now", format=HTML, formatted_body="<b>!report</b> now")
    assert found.spoken is not None and found.spoken.file is not None
    assert (found.text, found.spoken.html, found.spoken.file.name) == ("!report now", "<b>!report</b> now", "a.png")
    sticker = heard({"body": "chat", "url": MXC, "info": {"mimetype": "image/webp"}}, "m.sticker")
    assert sticker is not None and sticker.spoken is not None and sticker.spoken.file is not None
    assert (sticker.spoken.file.kind, sticker.spoken.file.name, sticker.text) == ("sticker", "chat", "")


@pytest.mark.parametrize(
    ("content", "point", "text"),
    [
        ({"body": "digue", "geo_uri": "geo:49.123456,5.5;u=12"}, (49_123_456, 5_500_000), "digue"),
        ({"body": "Location geo:49,5 at 2026-11-23", "geo_uri": "geo:49,5"}, (49_000_000, 5_000_000), ""),
        ({"body": "[red] Location geo:49,5", "geo_uri": "geo:49,5"}, (49_000_000, 5_000_000), "[red]"),
        ({"body": "49.0 N, 5.0 E", "geo_uri": "geo:49,5,100"}, (49_000_000, 5_000_000), ""),
        ({"body": "x", "org.matrix.msc3488.location": {"uri": "geo:-1,-2", "description": "pont"}}, (-1_000_000, -2_000_000), "pont"),
        ({"body": "x", "m.location": {"uri": "geo:1,2"}}, (1_000_000, 2_000_000), "x"),
        ({"body": "digue", "geo_uri": "geo:91,5"}, None, "digue"),
        ({"body": "digue", "geo_uri": "geo:1,2evil"}, None, "digue"),
        ({"body": "digue", "geo_uri": 7}, None, "digue"),
    ],
)  # fmt: skip
def test_places_are_read(content: dict[str, Any], point: tuple[int, int] | None, text: str) -> None:
    """Where, and the words about it, unless those only repeat where; a label in front of these stays."""
    found = heard({"msgtype": "m.location", **content})
    assert found is not None and found.spoken is not None
    assert (found.point, found.spoken.point, found.text) == (point, point, text)


def test_polls_are_read_in_both_forms() -> None:
    """Question, options, and whether several may be chosen; options that say nothing are none."""
    old = poll("Qui ?", "moi", "toi", most=2)
    answers = [{"m.id": "a", "m.text": [{"body": "moi"}]}, {"m.id": "b", "m.text": [{"body": "toi"}]}, {"m.id": "c"}, 7]
    new = {"m.poll": {"question": {"m.text": [{"body": "Qui ?"}]}, "answers": answers, "max_selections": 2}}
    for kind, content in (("org.matrix.msc3381.poll.start", old), ("m.poll.start", new)):
        found = heard(content, kind)
        assert found is not None and found.spoken == Spoken(poll=Poll("Qui ?", ("moi", "toi"), several=True))
        assert found.text == "Qui ?\n– moi\n– toi"
    assert heard(poll("Qui ?"), "m.poll.start") is None
    many = matrix_polls.poll_in(poll("?", *map(str, range(50))))
    assert many is not None and len(many[0].options) == len(many[1].ids) == matrix_polls.MOST_ANSWERS


@pytest.mark.parametrize(
    ("ids", "ballot", "options"),
    [
        (["b"], {"ids": ["a", "b"], "most": 1}, (1,)),
        (["b", "b", "a"], {"ids": ["a", "b"], "most": 3}, (1, 0)),
        (["b", "a"], {"ids": ["a", "b"], "most": 1}, (1,)),
        ([], {"ids": ["a", "b"], "most": 1}, ()),
        (["a", "x"], {"ids": ["a", "b"], "most": 2}, ()),
        ("a", {"ids": ["a", "b"], "most": 2}, ()),
        (["1", "0"], None, (1, 0)),
        ([], None, ()),
        (["x"], None, "nothing"),
        (["9" * 5000], None, "nothing"),
    ],
)
def test_votes_name_the_options(ids: Any, ballot: dict[str, Any] | None, options: Any) -> None:
    """By their places in the poll; of a poll that nobody knows, only the ids that we give options ourselves are understood."""
    about = {"m.relates_to": {"rel_type": "m.reference", "event_id": "$p"}}
    for kind, part in (
        ("org.matrix.msc3381.poll.response", {"org.matrix.msc3381.poll.response": {"answers": ids}}),
        ("m.poll.response", {"m.selections": ids} if isinstance(ids, list) else {"m.poll.response": {"answers": ids}}),
    ):
        found = heard(about | part, kind, ballot=ballot)
        if options == "nothing":
            assert found is None
        else:
            assert found is not None and (found.kind, found.message_id, found.options) == ("voted", "$p", options)


def test_what_is_taken_back_is_named() -> None:
    """A redaction names the event it takes back where the room's version has it; a reaction's own id is its key."""
    for content, more in (({}, {"redacts": "$0"}), ({"redacts": "$0"}, {}), ({"redacts": "$x"}, {"redacts": "$0"})):
        found = heard(content, "m.room.redaction", **more)
        assert found is not None and (found.kind, found.message_id, found.key) == ("deleted", "$0", "$1")
    assert heard({}, "m.room.redaction") is None
    reaction = heard({"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": "👍"}}, "m.reaction")
    assert reaction is not None and (reaction.key, reaction.message_id, reaction.emoji) == ("$1", "$0", "👍")


def test_what_is_named_can_be_looked_for() -> None:
    """Half a character, which no id has and no store takes, is not passed on as the name of another event."""
    relations = (
        {"m.in_reply_to": {"event_id": "\ud800"}},
        *({"rel_type": f"m.{how}", "event_id": "\ud800"} for how in ("thread", "replace")),
    )
    said = [heard({"body": "a", "m.new_content": {"body": "b"}, "m.relates_to": relation}) for relation in relations]
    said.append(heard({"redacts": "\ud800"}, "m.room.redaction"))
    named = [one for found in said if found is not None for one in (found.message_id, found.reply_to, found.thread)]
    assert len(said) == 4 and named.count("\ufffd") == 4


def test_a_picture_as_a_reaction_has_a_name() -> None:
    """An address of a picture would say nothing anywhere else."""
    about = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$0", "key": MXC}}
    named, nameless = heard(about | {"shortcode": ":eau:"}, "m.reaction"), heard(about, "m.reaction")
    assert named is not None and nameless is not None
    assert (named.emoji, nameless.emoji) == (":eau:", "🖼")


def test_edits_say_what_it_says_now() -> None:
    """The new content counts, of words, captions and polls; one that says nothing is none."""
    relation = {"rel_type": "m.replace", "event_id": "$0"}

    def edited(kind: str, fresh: Any) -> Heard | None:
        return heard({"body": "* x", "m.new_content": fresh, "m.relates_to": relation}, kind)

    text = edited("m.room.message", {"msgtype": "m.text", "body": "a", "format": HTML, "formatted_body": "<b>a</b>"})
    assert text is not None and text.spoken is not None
    assert (text.kind, text.message_id, text.spoken.html, text.text) == ("edited", "$0", "<b>a</b>", "a")
    caption = edited("m.room.message", {"msgtype": "m.image", "body": "ici", "filename": "a.png", "url": MXC})
    assert caption is not None and caption.spoken is not None and caption.spoken.file is not None
    assert (caption.spoken.html, caption.spoken.file.name) == ("ici", "a.png")
    question = edited("m.poll.start", poll("Qui ?", "moi"))
    assert question is not None and question.spoken == Spoken(poll=Poll("Qui ?", ("moi",)))
    assert edited("m.room.message", {"msgtype": "m.text"}) is None and edited("m.room.message", "a") is None


def test_a_live_place_is_said_once_and_moves() -> None:
    """Its first step says it, under the name of the event that began it; the further ones edit that, the last for good."""
    content = {"org.matrix.msc3488.location": {"uri": "geo:1,2"}}
    live = {"of": "$live", "until": 60_000, "words": "là & là", "point": None}
    first = heard(content, "org.matrix.msc3672.beacon", live=live | {"first": True})
    until = datetime.fromtimestamp(60, UTC)
    assert first is not None and first.spoken == Spoken("là &amp; là", point=(1_000_000, 2_000_000), live_until=until)
    assert (first.kind, first.message_id, first.key) == ("message", "$live", "$1")
    step = heard(content, "m.beacon", live=live | {"first": False})
    assert step is not None and (step.kind, step.message_id) == ("edited", "$live")
    ended = live | {"first": False, "until": None, "point": [3, 4]}
    last = heard({"live": False}, "org.matrix.msc3672.beacon_info", live=ended)
    assert last is not None and last.spoken is not None
    assert (last.kind, last.point, last.spoken.live_until) == ("edited", (3, 4), None)


_NAMES = [
    "body", "msgtype", "m.relates_to", "rel_type", "event_id", "key", "m.in_reply_to", "m.new_content", "geo_uri", "m.poll", "question", "answers",
    "m.text", "filename", "is_falling_back", "format", "formatted_body", "info", "mimetype", "size", "w", "duration", "url", "file", "iv", "hashes",
    "sha256", "k", "v", "m.selections", "redacts", "id", "max_selections", "m.location", "uri", "description", "shortcode",
    "org.matrix.msc3381.poll.response", "org.matrix.msc1767.audio", "org.matrix.msc3245.voice",
]  # fmt: skip
_VALUES = [
    "m.text", "m.image", "m.audio", "m.location", "m.emote", "m.replace", "m.thread", "m.annotation", "m.reference", HTML, "<b>x</i></b>", MXC,
    "geo:1,2", "$0", "> <@a:x> b\n\nc", "📎", "image/gif",
]  # fmt: skip
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.sampled_from(_VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6),
    max_leaves=20,
)
_KINDS = st.sampled_from((*matrix_read.SPOKEN, *matrix_read.BEACON_INFOS))


@given(st.dictionaries(st.sampled_from(_NAMES), _json, max_size=8), _KINDS, _json)
def test_nothing_is_too_odd_to_be_read(content: dict[str, Any], kind: str, context: Any) -> None:
    """Whatever JSON somebody writes, it is read, or nothing to us, or a ValueError; what is made of it is whole and restricted."""
    try:
        found = heard(content, kind, ballot=None, live=context)
    except ValueError:
        return
    if found is None:
        return
    assert (found.text + found.sender_name + (found.emoji or "")).encode()
    if found.spoken is not None:
        assert restricted(found.spoken.html) == found.spoken.html
        assert spoken.read(spoken.written(found.spoken)) == found.spoken
        assert spoken.written(found.spoken).encode()


@given(st.text(st.characters()) | _json.map(json.dumps))
def test_a_body_that_is_none_of_ours_is_refused(body: str) -> None:
    """With the one error that is expected."""
    with pytest.raises(ValueError):
        matrix_read.read(body)


def test_what_an_older_client_repeats_is_shown_beside_the_answer() -> None:
    """The quotation in front of an answer is no part of what is said, and shows what is answered; words that only look like one show nothing."""
    relation = {"m.in_reply_to": {"event_id": "$0"}}
    body = "> <@tocsin:x> Log of I-1: 3 entries.\n> test/I-1\n> 3\n\nstill so?"
    found = heard({"msgtype": "m.text", "body": body, "m.relates_to": relation})
    assert found is not None and (found.text, found.reply_to) == ("still so?", "$0")
    assert found.showed == "<@tocsin:x> Log of I-1: 3 entries.\ntest/I-1\n3"
    for content in ({"body": body}, {"body": "> a\nb", "m.relates_to": relation}, {"body": "b", "m.relates_to": []}):
        plain = heard({"msgtype": "m.text", **content})
        assert plain is not None and plain.showed == ""
