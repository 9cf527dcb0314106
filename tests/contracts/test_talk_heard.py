"""What every network tells of what people say beside plain words: formatting, files, places, polls, and what they do with them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256

import pytest

from bot.networks.port import FileGone, Heard
from playbooks import spoken as spoken_words
from playbooks.restricted import plain, restricted
from playbooks.rooms import RoomRef
from playbooks.spoken import File
from tests.contracts.stand import Stand
from tests.contracts.talk import ALBUM, CARD, PHOTO, QUESTION, THINGS, Thing, marked

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMATTED = (
    "Crue <b>forte &amp; <i>rapide</i></b>, niveau &lt;3&gt; &amp;amp; plus\n"
    "<u>souligné</u> <s>barré</s> <code>x &lt; y</code> <tg-spoiler>chut</tg-spoiler>\n"
    '<a href="https://example.org/?a=1&amp;b=%20">la carte</a>\n'
    "<pre>deux\n  lignes</pre>\n"
    "<blockquote>cité\nsur deux lignes</blockquote>\n"
    "שלום <b>مرحبا</b> 🌊👩‍🚒🇫🇷 é fin"
)


def assert_whole(heard: Heard) -> None:
    """What was heard is restricted HTML, its words are its text (of a poll, on Matrix, what it asks), and it can be kept and read again."""
    assert heard.spoken is not None
    assert restricted(heard.spoken.html) == heard.spoken.html
    assert heard.text == plain(heard.spoken.html) or heard.spoken.poll is not None
    assert spoken_words.read(spoken_words.written(heard.spoken)) == heard.spoken


async def file_of(stand: Stand, heard: Heard, thing: Thing) -> File:
    """The file in what was heard, of whose bytes each one is there."""
    assert heard.spoken is not None and heard.spoken.file is not None
    file = heard.spoken.file
    digest, length = sha256(), 0
    async for piece in stand.port.fetch(file):
        assert 0 < len(piece) <= 1 << 20
        digest.update(piece)
        length += len(piece)
    assert (length, digest.hexdigest()) == (len(thing.data), thing.digest)
    assert file.network == stand.network
    assert file.size in (None, len(thing.data))
    return file


async def test_formatting_is_heard_as_it_was_meant(stand: Stand, room: RoomRef) -> None:
    """Every kind of markup that both networks have, nested and across lines, arrives as restricted HTML that reads the same."""
    said = await stand.write(room, FORMATTED)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.message_id == said
    assert heard.spoken is not None
    assert marked(heard.spoken.html) == marked(FORMATTED)
    assert (heard.automatic, heard.forwarded, heard.thread) == (False, None, None)


CODE = 'voici\n<pre><code class="language-python">if eau &lt; 3:\n    fuir()</code></pre>\nfin'
FOLDED = "<b>Ada</b>\n<blockquote expandable>cité\nsur\nquatre\nlignes</blockquote>\nfin"


async def test_code_is_heard_with_its_language(stand: Stand, room: RoomRef) -> None:
    """What its speaker calls the language of a block of code comes with it."""
    await stand.write(room, CODE)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.spoken is not None
    assert marked(heard.spoken.html) == marked(CODE)


async def test_a_quotation_is_heard_as_one_that_unfolds(stand: Stand, room: RoomRef) -> None:
    """Where quotations can be folded, that is heard; elsewhere it is a quotation like any other."""
    if not stand.folds:
        return
    await stand.write(room, FOLDED)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.spoken is not None and heard.spoken.html == FOLDED


async def test_plain_words_are_no_markup(stand: Stand, room: RoomRef) -> None:
    """Signs of markup that somebody types stay the signs they are."""
    words = 'a <b>c & d</b> &amp; "e" <script>'
    await stand.say(room, words)
    heard = await stand.hear_text(room, words)
    assert_whole(heard)
    assert heard.spoken is not None and marked(heard.spoken.html) == (words, ())


async def test_an_answer_says_only_what_was_typed(stand: Stand, room: RoomRef) -> None:
    """A formatted reply names the message that it answers, anybody's, and repeats nothing of it."""
    first = await stand.say(room, "niveau 3")
    await stand.write(room, "<b>bien reçu</b>", reply_to=first)
    heard = await stand.hear_text(room, "bien reçu")
    assert_whole(heard)
    assert heard.reply_to == first
    assert heard.spoken is not None and heard.spoken.html == "<b>bien reçu</b>"


async def test_a_thread_is_named_by_what_began_it(stand: Stand, room: RoomRef) -> None:
    """What is said in a thread names the message from which that hangs, and an answer in it what it answers; Telegram has none."""
    began = await stand.say(room, "digue")
    assert stand.port.threads is stand.threads
    if not stand.threads:
        assert (await stand.hear_text(room, "digue")).thread is None
        return
    first = await stand.write(room, "sacs ?", thread=began)
    await stand.write(room, "200", thread=began, reply_to=first)
    await stand.say(room, "ailleurs")
    assert (await stand.hear_text(room, "ailleurs")).thread is None
    one, two = await stand.hear_text(room, "sacs ?"), await stand.hear_text(room, "200")
    assert (one.thread, two.thread) == (began, began)
    assert (one.reply_to, two.reply_to) == (None, first)


async def test_a_topic_is_a_room(stand: Stand) -> None:
    """What is said in a topic of Telegram is heard there, as an answer to nothing."""
    if not stand.topics:
        assert stand.threads
        return
    topic = await stand.topic()
    await stand.say(topic, "ici")
    heard = await stand.hear_text(topic, "ici")
    assert (heard.room, heard.reply_to, heard.thread) == (topic, None, None)
    await stand.sent(topic, "entendu")
    assert (await stand.see(topic, "entendu")).text == "entendu"


async def test_words_are_changed_with_their_formatting(stand: Stand, room: RoomRef) -> None:
    """An edit tells the whole of the new words, as often as somebody edits."""
    said = await stand.write(room, "<b>2 blesés</b>")
    for html in ("<i>2 blessés</i>", "<i>3</i> blessés &lt;graves&gt;"):
        await stand.rewrite(room, said, html)
        edited = await stand.hear(room, "edited", lambda heard, html=html: heard.text == plain(html))
        assert_whole(edited)
        assert edited.message_id == said
        assert edited.spoken is not None and edited.spoken.html == html
    assert len(stand.heard(room, "message")) == 1


async def test_what_is_taken_back_is_told(stand: Stand, room: RoomRef) -> None:
    """A message that somebody deletes is named once; on Telegram nobody is told, and nothing is heard."""
    said = await stand.say(room, "erreur")
    await stand.hear_text(room, "erreur")
    await stand.delete(room, said)
    await stand.say(room, "après")
    await stand.hear_text(room, "après")
    gone = stand.heard(room, "deleted")
    assert [one.message_id for one in gone] == ([said] if stand.tells_deletions else [])
    assert [one.sender for one in gone] == ([stand.ada.identity] if stand.tells_deletions else [])


async def test_a_reaction_and_its_end_are_told(stand: Stand, room: RoomRef) -> None:
    """A reaction names what it is about; taken back, it says so (Telegram), or is deleted by its own name (Matrix)."""
    ours = await stand.sent(room, "compris ?")
    await stand.see(room, "compris ?")
    theirs = await stand.say(room, "oui")
    for message in (ours, theirs):
        name = await stand.react(room, message, "👍")
        put = await stand.hear(room, "reaction", lambda heard, message=message: heard.message_id == message)
        assert (put.emoji, put.gone, put.sender) == ("👍", None, stand.ada.identity)
        await stand.unreact(room, message, name)
        if stand.tells_deletions:
            assert put.key == name, "by this name it is found again"
            back = await stand.hear(room, "deleted", lambda heard, name=name: heard.message_id == name)
        else:
            back = await stand.hear(
                room, "reaction", lambda heard, message=message: bool(heard.gone) and heard.message_id == message
            )
            assert (back.gone, back.emoji) == ("👍", None)
        assert back.sender == stand.ada.identity


async def test_a_reaction_may_change(stand: Stand, room: RoomRef) -> None:
    """On Telegram one reaction takes the place of another, and both are told at once; on Matrix both stand."""
    said = await stand.say(room, "mesure")
    await stand.react(room, said, "👍")
    await stand.react(room, said, "🔥")
    second = await stand.hear(room, "reaction", lambda heard: heard.emoji == "🔥")
    assert second.gone == ("👍" if stand.one_reaction else None)
    assert len(stand.heard(room, "reaction")) == 2


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: thing.kind)
async def test_a_file_is_heard_and_fetched(stand: Stand, room: RoomRef, thing: Thing) -> None:
    """Each kind of file comes as what it is, with its caption where it can have one, and its bytes are the ones that were sent."""
    caption = "" if thing.kind == "sticker" else "Le <b>pont</b> &amp; l'eau"
    question = await stand.say(room, "montre")
    said = await stand.give(room, thing, caption, reply_to=question)
    heard = await stand.hear(room, "message", lambda heard: heard.message_id == said)
    assert_whole(heard)
    assert heard.reply_to == question
    assert heard.spoken is not None and heard.spoken.html == caption
    file = await file_of(stand, heard, thing)
    assert file.kind == stand.hears_as.get(thing.kind, thing.kind)
    assert file.type == thing.type
    assert file.album is None
    if stand.names_pictures or thing.kind in ("file", "audio", "video"):
        assert file.name == thing.name
    if thing.width and thing.kind != "sticker":
        assert (file.width, file.height) == (thing.width, thing.height)
    if thing.seconds:
        assert file.seconds == thing.seconds


async def test_a_file_without_words(stand: Stand, room: RoomRef) -> None:
    """A photo alone has no words: its name is not its caption."""
    said = await stand.give(room, PHOTO)
    heard = await stand.hear(room, "message", lambda heard: heard.message_id == said)
    assert_whole(heard)
    assert heard.text == ""


async def test_a_caption_is_changed(stand: Stand, room: RoomRef) -> None:
    """An edit of the words under a file tells the new ones, and the file with them."""
    said = await stand.give(room, PHOTO, "Pont de Fragné")
    await stand.hear(room, "message")
    await stand.recaption(room, said, "Pont de <b>Fragnée</b>")
    edited = await stand.hear(room, "edited")
    assert_whole(edited)
    assert edited.message_id == said
    assert edited.spoken is not None and edited.spoken.html == "Pont de <b>Fragnée</b>"
    await file_of(stand, edited, PHOTO)


async def test_an_album_is_told_as_one(stand: Stand, room: RoomRef) -> None:
    """Files that are sent together share a name, in their order, the words under the first; not so where there are no albums."""
    if not stand.albums:
        assert stand.network == "matrix"
        return
    said = await stand.give_album(room, ALBUM, "le <b>pont</b>")
    await stand.hear(room, "message", lambda heard: heard.message_id == said[-1])
    heard = stand.heard(room, "message")
    assert [one.message_id for one in heard] == said
    files = [await file_of(stand, one, thing) for one, thing in zip(heard, ALBUM, strict=True)]
    assert len({file.album for file in files}) == 1
    assert files[0].album
    assert [one.spoken.html for one in heard if one.spoken] == ["le <b>pont</b>", "", ""]


async def test_a_file_that_is_nowhere(stand: Stand) -> None:
    """What never was here, or is named by rubbish, cannot be had, and saying so takes no long wait."""
    for where in ("", "{}", "null", "[]", '{"file_id": "nothing"}', '{"url": "mxc://localhost/nothing"}', '{"url": 7}'):
        with pytest.raises(FileGone) as gone:
            async for _ in stand.port.fetch(File(stand.network, where)):
                raise AssertionError("bytes from nowhere")
        assert str(gone.value)


async def test_a_place_is_content(stand: Stand, room: RoomRef) -> None:
    """A place comes as such, not as words about it."""
    await stand.locate(room, 50.633333, -5.566667)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.spoken is not None
    assert (heard.spoken.point, heard.spoken.live_until) == ((50_633_333, -5_566_667), None)
    assert heard.text == ""


async def test_a_place_that_moves(stand: Stand, room: RoomRef) -> None:
    """A live place says until when it lives, and each move of it is an edit."""
    shared = await stand.share(room, 50.6, -5.5, 900)
    heard = await stand.hear(room, "message")
    assert heard.spoken is not None and heard.spoken.live_until is not None
    assert heard.spoken.point == (50_600_000, -5_500_000)
    assert abs(heard.spoken.live_until - stand.later(900)) < timedelta(minutes=10)
    await stand.walk(room, shared, 50.7, -5.4)
    moved = await stand.hear(room, "edited")
    assert moved.message_id == shared
    assert moved.spoken is not None and moved.spoken.point == (50_700_000, -5_400_000)


async def test_a_contact_is_a_card(stand: Stand, room: RoomRef) -> None:
    """A contact comes with its name and number; Matrix has none."""
    if not stand.contacts:
        assert stand.network == "matrix"
        return
    await stand.give_card(room, CARD)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.spoken is not None and heard.spoken.contact == CARD


@pytest.mark.parametrize("several", [False, True])
async def test_a_poll_is_a_question_with_options(stand: Stand, room: RoomRef, several: bool) -> None:
    """What is asked, what can be chosen and whether more than one may be; then who chose what, and its end: on Telegram with how it stands, and only then."""
    question = replace(QUESTION, several=several)
    asked = await stand.ask(room, question)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.message_id == asked
    assert heard.spoken is not None and heard.spoken.poll == question
    chosen = (0, 2) if several else (2,)
    await stand.vote(room, asked, chosen)
    if not stand.hears_votes_of_others:
        await stand.end_poll(room, asked)
        await stand.say(room, "après")
        await stand.hear_text(room, "après")
        assert [one.kind for one in stand.heard(room) if one.kind in ("voted", "tallied", "ended")] == []
        handle = heard.spoken.poll.handle
        [ended] = [one for one in stand.heard(kind="ended") if one.handle == handle]
        assert handle and ended.tally == tuple(int(number in chosen) for number in range(3))
        return
    voted = await stand.hear(room, "voted")
    assert (voted.message_id, voted.sender, voted.options) == (asked, stand.ada.identity, chosen)
    await stand.vote(room, asked, ())
    await stand.hear(room, "voted", lambda heard: heard.options == ())
    await stand.end_poll(room, asked)
    assert (await stand.hear(room, "ended")).message_id == asked


async def test_very_long_words_are_heard_whole(stand: Stand, room: RoomRef) -> None:
    """As much as a network lets somebody say at once is heard to its last sign."""
    line = "<b>très</b> long &amp; <i>haut</i> 🌊\n"
    html = (line * (150 if stand.network == "telegram" else 400)).strip()
    await stand.write(room, html)
    heard = await stand.hear(room, "message")
    assert_whole(heard)
    assert heard.spoken is not None and marked(heard.spoken.html) == marked(html)


async def test_what_is_passed_on_says_whose_it_was(stand: Stand, room: RoomRef) -> None:
    """A forwarded message names who said it first, a person or the bot itself; Matrix does not know."""
    if not stand.forwards:
        assert stand.network == "matrix"
        return
    other = await stand.room()
    theirs = await stand.say(other, "vu à Visé", who=stand.bo)
    ours = await stand.sent(other, "alerte")
    for message, whose, text in ((theirs, stand.bo.identity, "vu à Visé"), (ours, "us", "alerte")):
        await stand.pass_on(other, message, room)
        heard = await stand.hear_text(room, text)
        assert (heard.sender, heard.forwarded) == (stand.ada.identity, whose)


async def test_what_a_program_says_is_marked(stand: Stand, room: RoomRef) -> None:
    """Words of another bot or bridge are heard as such, so that two bridges do not talk in a circle."""
    await stand.say_as_program(room, "bonjour, je suis un pont")
    assert (await stand.hear_text(room, "bonjour, je suis un pont")).automatic
    await stand.say(room, "moi, non")
    assert not (await stand.hear_text(room, "moi, non")).automatic
