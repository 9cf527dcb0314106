"""What the content of Matrix events says, and what a server's refusal means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.networks import markup, matrix_write
from bot.networks.matrix_attachment import Stored
from bot.networks.matrix_http import MatrixError, TokenRefused
from bot.networks.matrix_write import MARKER, POLL, edit_of, events_of, reaction_of
from bot.networks.port import Button, Delayed, Outgoing, Refused, Spooled
from playbooks.rooms import RoomRef
from playbooks.spoken import File, FileKind, Poll

ROOM = RoomRef("matrix", "!r")
LIES = Stored("mxc://localhost/abc")


def out(text: str = "", **more: Any) -> Outgoing:
    made: dict[str, Any] = {"token": "t1", "room": ROOM, "html": text, "text": text}
    return Outgoing(**(made | more))


def file(kind: FileKind = "photo", mime: str = "image/jpeg", name: str = "digue.jpg", **more: Any) -> Spooled:
    return Spooled(Path("nowhere"), name, mime, 7, File("telegram", "{}", kind, **more))


def only(said: Outgoing, *files: Stored) -> dict[str, Any]:
    (event,) = events_of(said, files)
    return event.content


def test_covered_words_stay_covered_where_there_is_no_markup() -> None:
    """A spoiler is one in clients that know it, and elsewhere (on a lock screen) nothing of it can be read."""
    html = "Ada: <b>avant <tg-spoiler>le <i>nom</i>\n&amp; l'âge</tg-spoiler></b> &lt;ici&gt;"
    content = only(out(html=html, text="Ada: avant le nom\n& l'âge <ici>"))
    assert content["body"] == "Ada: avant █████ <ici>"
    assert content["formatted_body"] == (
        "Ada: <b>avant <span data-mx-spoiler>le <i>nom</i><br>&amp; l'âge</span></b> &lt;ici&gt;"
    )
    twice = only(out(html="<tg-spoiler>a<tg-spoiler>b</tg-spoiler>c</tg-spoiler>d", text="abcd"))
    assert twice["body"] == "█████d"


def test_lines_break_but_not_twice_in_code() -> None:
    """Newlines become breaks, except in preformatted text, where they break already, and beside blocks, which end their lines."""
    content = only(out(html="a\n<pre>b\nc</pre>\n<blockquote>d\ne</blockquote>\nf\n\ng", text="a\nb\nc\nd\ne\nf\n\ng"))
    assert content["formatted_body"] == "a<pre>b\nc</pre><blockquote>d<br>e</blockquote>f<br><br>g"
    apart = only(out(html="<blockquote>a</blockquote>\n\nb", text="a\n\nb"))
    assert apart["formatted_body"] == "<blockquote>a</blockquote><br>b"
    chosen = only(out(html="<blockquote>a</blockquote>", text="a", buttons=((Button("Vu", "ack", "👀"),),)))
    assert chosen["formatted_body"] == "<blockquote>a</blockquote>👀 Vu"


def test_code_keeps_its_language_and_a_quotation_is_not_folded() -> None:
    """The language stands where Matrix clients look for it; that a quotation is folded on Telegram is nothing to them."""
    html = '<pre><code class="language-c">a\nb</code></pre>\n<blockquote expandable>c</blockquote>'
    content = only(out(html=html, text="a\nb\nc"))
    assert content["formatted_body"] == '<pre><code class="language-c">a\nb</code></pre><blockquote>c</blockquote>'


@pytest.mark.parametrize(
    ("html", "body"),
    [
        ("Ada\n<blockquote>a\nb</blockquote>\nc\nd", "Ada\n> a\n> b\nc\nd"),
        ("Ada<blockquote expandable>a</blockquote>c", "Ada\n> a\nc"),
        ("<blockquote>a</blockquote>\n\nc", "> a\n\nc"),
        ("<blockquote>a\n<b>b</b>\n</blockquote>", "> a\n> b"),
        ("<blockquote>a\n\nb</blockquote>", "> a\n> \n> b"),
        ("<b><blockquote>a</blockquote></b>\nc", "> a\nc"),
        ("<blockquote>&lt;a&gt; <tg-spoiler>b</tg-spoiler></blockquote>", "> <a> █████"),
        ("a\n<blockquote></blockquote>b", "a\nb"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>c", "> a\n> > b\nc"),
        ("<blockquote>" * 500 + "a" + "</blockquote>" * 500, "> > > a"),
    ],
)
def test_a_quotation_has_marks_where_there_is_no_markup(html: str, body: str) -> None:
    """Who reads no HTML, as on a lock screen, sees which words are somebody else's, in lines of their own."""
    assert only(out(html=html, text=markup.plain(html)))["body"] == body


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (file("photo", "image/jpeg"), "m.image"),
        (file("photo", "image/svg+xml"), "m.file"),
        (file("sticker", "image/webp"), "m.image"),
        (file("sticker", "video/webm"), "m.video"),
        (file("sticker", "application/gzip"), "m.file"),
        (file("animation", "image/gif"), "m.image"),
        (file("animation", "video/mp4"), "m.video"),
        (file("video", "video/mp4"), "m.video"),
        (file("video", "text/html"), "m.file"),
        (file("audio", "audio/mpeg"), "m.audio"),
        (file("voice", "audio/ogg"), "m.audio"),
        (file("voice", "application/octet-stream"), "m.file"),
        (file("file", "image/png"), "m.file"),
    ],
)
def test_a_file_is_shown_as_what_it_is(shown: Spooled, kind: str) -> None:
    """The kind it was sent as decides how it is shown, but only where its bytes are of that kind."""
    assert only(out(files=(shown,)), LIES)["msgtype"] == kind


def test_a_caption_is_one_only_where_there_are_words() -> None:
    """With words the body is a caption beside the name; without, the body is the name, and nothing is formatted."""
    bare = only(out(files=(file(width=640, height=480),)), LIES)
    assert (bare["body"], bare["filename"]) == ("digue.jpg", "digue.jpg")
    assert "formatted_body" not in bare and "format" not in bare
    assert bare["info"] == {"mimetype": "image/jpeg", "size": 7, "w": 640, "h": 480}
    assert bare["url"] == "mxc://localhost/abc" and bare[MARKER] == "t1"
    told = only(out("Ada & Bo", html="<b>Ada</b> &amp; Bo", files=(file(),)), LIES)
    assert (told["body"], told["filename"]) == ("Ada & Bo", "digue.jpg")
    assert told["formatted_body"] == "<b>Ada</b> &amp; Bo"
    tapped = only(out(files=(file(),), buttons=((Button("Vu", "ack", "👀"),),)), LIES)
    assert tapped["body"] == tapped["formatted_body"] == "👀 Vu"


def test_a_voice_message_plays_as_one() -> None:
    """A voice message carries the marks that clients look for, and how long it is in milliseconds."""
    content = only(out(files=(file("voice", "audio/ogg", "v.ogg", seconds=7),)), LIES)
    assert content["org.matrix.msc3245.voice"] == {}
    assert content["org.matrix.msc1767.audio"] == {"duration": 7000}
    assert content["info"]["duration"] == 7000
    told = only(
        out(files=(file("voice", "audio/ogg", "v.ogg", seconds=3, millis=3200, waveform=(0, 512, 1024)),)), LIES
    )
    assert told["org.matrix.msc1767.audio"] == {"duration": 3200, "waveform": [0, 512, 1024]}
    assert told["info"]["duration"] == 3200
    music = only(out(files=(file("audio", "audio/mpeg", "m.mp3", seconds=7),)), LIES)
    assert "org.matrix.msc3245.voice" not in music and music["info"]["duration"] == 7000


def test_a_clip_is_known_for_one() -> None:
    """A silent clip that was sent as a moving picture says so, as bridges read it."""
    assert only(out(files=(file("animation", "video/mp4"),)), LIES)["info"]["fi.mau.gif"] is True


def test_an_album_is_one_event_for_each_file() -> None:
    """The words stand under the first file, everything is in the same thread, and each has a transaction of its own."""
    album = out("Ada", files=(file(), file(name="b.jpg"), file(name="c.jpg")), reply_to="$r", thread="$t", loud=True)
    events = events_of(album, (LIES, Stored("mxc://localhost/b"), Stored("mxc://localhost/c", {"v": "v2"})))
    assert [event.token for event in events] == ["t1", "t1-f2", "t1-f3"] == matrix_write.tokens_of(album)
    assert [event.content[MARKER] for event in events] == ["t1", "t1-f2", "t1-f3"]
    assert [event.content["body"] for event in events] == ["Ada", "b.jpg", "c.jpg"]
    assert [event.content["m.mentions"] for event in events] == [{"room": True}, {}, {}]
    assert events[2].content["file"] == {"v": "v2", "url": "mxc://localhost/c"} and "url" not in events[2].content
    relations = [event.content["m.relates_to"] for event in events]
    assert [relation["event_id"] for relation in relations] == ["$t", "$t", "$t"]
    assert [relation["is_falling_back"] for relation in relations] == [False, True, True]
    assert relations[0]["m.in_reply_to"] == {"event_id": "$r"}


def test_a_place_is_words_and_numbers() -> None:
    """A place can be read where no map is shown, and is a pin, not where the bot is."""
    content = only(out("Ada :", point=(49_123_456, -5_500_000)))
    assert content["msgtype"] == "m.location" and content["geo_uri"] == "geo:49.123456,-5.500000"
    assert content["body"] == "Ada :\n49.123456, -5.500000"
    assert content["org.matrix.msc3488.location"] == {"uri": content["geo_uri"], "description": "Ada :"}
    assert content["org.matrix.msc3488.asset"] == {"type": "m.pin"}
    assert only(out(point=(0, -1)))["body"] == "0.000000, -0.000001"
    moved = edit_of(out("Ada :", kind="edit", replaces="$e", point=(1_000_000, 2_000_000))).content
    assert moved["m.new_content"]["geo_uri"] == moved["geo_uri"] == "geo:1.000000,2.000000"
    assert moved["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$e"}


def test_a_poll_is_in_the_form_that_clients_read() -> None:
    """Question and answers are where Element, Cinny and FluffyChat look for them, and once more as plain words."""
    said = out("Ada :", poll=Poll("Qui ?", ("moi", "toi"), several=True), mentions=(("matrix:@bo:x", "Bo"),))
    (event,) = events_of(said)
    assert event.type == POLL
    poll = event.content[POLL]
    assert poll["question"] == {"org.matrix.msc1767.text": "Ada :\nQui ?", "body": "Ada :\nQui ?", "msgtype": "m.text"}
    assert poll["answers"] == [
        {"id": "0", "org.matrix.msc1767.text": "moi"},
        {"id": "1", "org.matrix.msc1767.text": "toi"},
    ]
    assert (poll["kind"], poll["max_selections"]) == ("org.matrix.msc3381.poll.disclosed", 2)
    assert event.content["org.matrix.msc1767.text"] == "Ada :\nQui ?\n1. moi\n2. toi"
    assert event.content["m.mentions"] == {"user_ids": ["@bo:x"]}
    one = only(out(poll=Poll("Qui ?", ("moi", "toi"))))
    assert (one[POLL]["max_selections"], one[POLL]["question"]["body"]) == (1, "Qui ?")


def test_who_is_called_upon_is_named_once() -> None:
    """Accounts of this network are mentioned, in either way of naming them; others and repetitions are left out."""
    content = only(
        out(
            "x",
            mentions=tuple((account, "") for account in ("@bo:x", "matrix:@bo:x", "matrix:@al:x", "telegram:5", "")),
            loud=True,
        )
    )
    assert content["m.mentions"] == {"user_ids": ["@bo:x", "@al:x"], "room": True}


def test_in_a_thread_a_reply_is_a_reply() -> None:
    """What is said in a thread answers its beginning only for clients without threads; a reply in it is meant."""
    aside = only(out("x", thread="$t"))["m.relates_to"]
    assert aside == {
        "rel_type": "m.thread", "event_id": "$t", "is_falling_back": True, "m.in_reply_to": {"event_id": "$t"},
    }  # fmt: skip
    meant = only(out("x", thread="$t", reply_to="$r"))["m.relates_to"]
    assert (meant["is_falling_back"], meant["m.in_reply_to"]) == (False, {"event_id": "$r"})
    changed = edit_of(out("x", kind="edit", replaces="$e", thread="$t", reply_to="$r")).content
    assert changed["m.relates_to"] == {"rel_type": "m.replace", "event_id": "$e"}


def test_new_words_under_a_file_leave_the_file() -> None:
    """An edit says all of the file again, whether it comes with the edit or is remembered, and calls upon nobody anew."""
    before = only(out("Ada: avnt", files=(file(width=1, height=2),)), LIES)
    given = edit_of(out("Ada: avant", kind="edit", replaces="$e", files=(file(width=1, height=2),)), [LIES])
    recalled = edit_of(out("Ada: avant", kind="edit", replaces="$e", mentions=(("@bo:x", "Bo"),)), [], before)
    for event in (given, recalled):
        fresh = event.content["m.new_content"]
        assert (fresh["body"], fresh["filename"], fresh["url"]) == ("Ada: avant", "digue.jpg", "mxc://localhost/abc")
        assert fresh["info"] == before["info"] and MARKER not in fresh
        assert event.content["body"] == "* Ada: avant" and event.content["url"] == "mxc://localhost/abc"
        assert event.content["m.mentions"] == {} and event.content[MARKER] == "t1"
    wordless = edit_of(out(kind="edit", replaces="$e"), [], before).content["m.new_content"]
    assert wordless["body"] == "digue.jpg" and "formatted_body" not in wordless


@pytest.mark.parametrize(
    ("emoji", "key"), [("👍", "👍"), ("❤", "❤️"), ("❤️", "❤️"), ("✅", "✅️"), ("👨‍🚒", "👨‍🚒"), ("x", "x")]
)
def test_a_reaction_is_drawn_in_colour(emoji: str, key: str) -> None:
    """Old signs get the mark with which clients write them, so that equal reactions are counted together."""
    event = reaction_of(out(kind="react", replaces="$e", emoji=emoji))
    assert event.type == "m.reaction"
    assert event.content["m.relates_to"] == {"rel_type": "m.annotation", "event_id": "$e", "key": key}


def test_a_refusal_means_what_it_means() -> None:
    """Limits and outages delay, of which only an outage may hide that it arrived; what is too large is final, and a 403 is left to be asked about."""
    slow = matrix_write.refusal(MatrixError(429, {}, 3.0))
    assert slow == Delayed(3.0, "the homeserver asks us to slow down", everywhere=True)
    lost = matrix_write.refusal(MatrixError(502, {}))
    assert isinstance(lost, Delayed) and lost.perhaps
    assert isinstance(matrix_write.refusal(TokenRefused(401, {})), Delayed)
    assert isinstance(matrix_write.refusal(MatrixError(413, {})), Refused)
    assert isinstance(matrix_write.refusal(MatrixError(400, {"errcode": "M_BAD_JSON"})), Refused)
    assert matrix_write.refusal(MatrixError(403, {})) is None
