"""The emulated Bot API takes files, albums, places, polls and reactions as strictly as the real one, and gives files back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.emulators.bot_api import BotApi
from tests.emulators.telegram import TelegramEmulator

GROUP, FORUM, ADA = -100200, -1001234567890, 501
API = BotApi.load()
JPEG, PDF, WEBP, GIF = b"\xff\xd8\xff photo", b"%PDF plan", b"RIFF\x10\x00\x00\x00WEBP", b"GIF89a"
FILES: dict[str, tuple[str, bytes]] = {
    "sendPhoto": ("photo", JPEG),
    "sendVideo": ("video", b"\x00\x00\x00\x20ftypisom"),
    "sendAnimation": ("animation", GIF),
    "sendAudio": ("audio", b"ID3"),
    "sendVoice": ("voice", b"OggS"),
    "sendSticker": ("sticker", WEBP),
    "sendDocument": ("document", PDF),
}


@pytest.fixture
async def tg() -> AsyncIterator[TelegramEmulator]:
    async with TelegramEmulator() as emulator:
        emulator.group(GROUP, "Town hall")
        emulator.group(FORUM, "Fire service", forum=True, admin=True)
        emulator.topic(FORUM, 7, "Alerts")
        emulator.user(ADA, "Ada", "fr")
        yield emulator


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def call(
    http: aiohttp.ClientSession, tg: TelegramEmulator, method: str, files: dict[str, bytes] | None = None, **given: Any
) -> dict[str, Any]:
    form = aiohttp.FormData(quote_fields=False)
    for name, value in given.items():
        form.add_field(name, value if isinstance(value, str) else json.dumps(value))
    for name, data in (files or {}).items():
        form.add_field(name, data, filename=f"Plän {name}.bin", content_type="application/octet-stream")
    async with http.post(f"{tg.url}/bot{tg.token}/{method}", data=form) as response:
        answer: dict[str, Any] = await response.json()
        assert response.status == (200 if answer["ok"] else answer["error_code"])
        return answer


async def test_files_arrive_and_come_back(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """Each kind of file is kept byte for byte, shown as the API describes, given back, and sent again by its name."""
    for method, (kind, data) in FILES.items():
        caption: dict[str, Any] = {} if kind == "sticker" else {"caption": "<b>Ada</b>", "parse_mode": "HTML"}
        sent = (await call(http, tg, method, {kind: data}, chat_id=GROUP, **caption))["result"]
        assert API.complaint("Message", sent) is None, sent
        held = tg.file(GROUP, sent["message_id"])
        assert (held.kind, held.data) == (kind, data)
        told = (await call(http, tg, "getFile", file_id=held.id))["result"]
        assert API.complaint("File", told) is None
        async with http.get(f"{tg.url}/file/bot{tg.token}/{told['file_path']}") as back:
            assert await back.read() == data
        known: dict[str, Any] = {kind: held.id}
        again = (await call(http, tg, method, chat_id=GROUP, **known))["result"]
        assert tg.file(GROUP, again["message_id"]) is held
    assert tg.messages(GROUP)[0].text == "Ada"


async def test_the_server_looks_into_files(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """A document that could be a sticker becomes one and loses its words, unless the bot forbids it; what plays nothing is a document."""
    made = await call(http, tg, "sendDocument", {"document": WEBP}, chat_id=GROUP, caption="Ada")
    assert "caption" not in made["result"] and "sticker" in made["result"]
    kept = await call(
        http, tg, "sendDocument", {"document": WEBP}, chat_id=GROUP, caption="Ada", disable_content_type_detection=True
    )
    assert kept["result"]["caption"] == "Ada" and "document" in kept["result"]
    film = await call(http, tg, "sendVideo", {"video": PDF}, chat_id=GROUP)
    assert "document" in film["result"]


@pytest.mark.parametrize(
    ("method", "files", "given", "words"),
    [
        ("sendPhoto", {"photo": PDF}, {}, "IMAGE_PROCESS_FAILED"),
        ("sendPhoto", {"photo": b""}, {}, "file must be non-empty"),
        ("sendPhoto", {"photo": JPEG + b"x" * 500}, {}, "too big for a photo"),
        ("sendPhoto", {"photo": JPEG}, {"caption": "🚒" * 513}, "message caption is too long"),
        ("sendPhoto", {"photo": JPEG}, {"caption": "<b>", "parse_mode": "HTML"}, "can't parse entities"),
        ("sendPhoto", {"document": JPEG}, {}, "unknown parameter document"),
        ("sendPhoto", {}, {}, "photo is empty"),
        ("sendPhoto", {}, {"photo": "odd"}, "wrong file identifier"),
        ("sendPhoto", {}, {"photo": "attach://x"}, "is not attached"),
        ("sendDocument", {"document": b"x" * 1001}, {}, "Request Entity Too Large"),
        ("sendSticker", {"sticker": JPEG}, {}, "STICKER_FILE_INVALID"),
        ("sendVenue", {}, {"latitude": 1.0, "longitude": 1.0, "title": "x", "address": ""}, "address is empty"),
        ("sendLocation", {}, {"latitude": 91.0, "longitude": 1.0}, "wrong location"),
        ("sendPoll", {}, {"question": "q", "options": [{"text": "a"}]}, "at least 2"),
        ("sendPoll", {}, {"question": "q" * 301, "options": [{"text": "a"}, {"text": "b"}]}, "must not exceed 300"),
        ("sendPoll", {}, {"question": "q", "options": [{"text": "a" * 101}, {"text": "b"}]}, "must not exceed 100"),
        ("sendPoll", {}, {"question": "q", "options": [{"text": str(n)} for n in range(13)]}, "more than 12"),
        ("sendPoll", {}, {"question": "q", "options": [{"text": "a"}, {"text": "a "}]}, "DUPLICATE"),
        ("setMessageReaction", {}, {"message_id": 99, "reaction": []}, "message to react not found"),
        ("setMessageReaction", {}, {"message_id": 1, "reaction": [{"type": "emoji", "emoji": "✅"}]}, "INVALID"),
        ("editMessageCaption", {}, {"message_id": 1, "caption": "x"}, "there is no caption"),
        ("stopPoll", {}, {"message_id": 1}, "poll to stop not found"),
        ("getFile", {}, {"file_id": "odd"}, "invalid file_id"),
    ],
)
async def test_what_is_refused(
    tg: TelegramEmulator,
    http: aiohttp.ClientSession,
    method: str,
    files: dict[str, bytes],
    given: dict[str, Any],
    words: str,
) -> None:
    """What the real server refuses is refused here, in its words."""
    tg.allow_sizes(upload=1000, download=1000)
    tg.rules.largest_photo = 500
    await call(http, tg, "sendMessage", chat_id=GROUP, text="x")
    place = {} if method == "getFile" else {"chat_id": GROUP}
    answer = await call(http, tg, method, files, **place, **given)
    assert not answer["ok"] and words in answer["description"]
    assert len(tg.messages(GROUP)) == 1


def attached(*kinds: str) -> list[dict[str, str]]:
    return [{"type": kind, "media": f"attach://f{number}"} for number, kind in enumerate(kinds)]


async def test_albums(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """An album holds two to ten files of kinds that go together, and tells which of them is wrong."""
    both = {"f0": JPEG, "f1": JPEG}
    sent = await call(http, tg, "sendMediaGroup", both, chat_id=GROUP, media=attached("photo", "photo"))
    assert [API.complaint("Message", one) for one in sent["result"]] == [None, None]
    assert len({one["media_group_id"] for one in sent["result"]}) == 1
    for kinds, files, words in (
        (("photo",), {"f0": JPEG}, "wrong number"),
        (("photo",) * 11, {f"f{number}": JPEG for number in range(11)}, "wrong number"),
        (("photo", "document"), both, "can't mix"),
        (("audio", "photo"), both, "can't mix"),
        (("photo", "photo"), {"f0": JPEG, "f1": PDF}, "message #2"),
        (("photo", "photo"), {"f0": JPEG}, "not attached"),
    ):
        answer = await call(http, tg, "sendMediaGroup", files, chat_id=GROUP, media=attached(*kinds))
        assert not answer["ok"] and words in answer["description"]
    assert len(tg.messages(GROUP)) == 2


async def test_another_file_in_the_place_of_one(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """Only what the API describes takes the place of a file, and only where a file or a text stands; an album keeps its kind."""
    kept: dict[str, int] = {}
    for method, (kind, data) in FILES.items():
        kept[kind] = (await call(http, tg, method, {kind: data}, chat_id=GROUP))["result"]["message_id"]
    kept["text"] = (await call(http, tg, "sendMessage", chat_id=GROUP, text="x"))["result"]["message_id"]
    both = {"f0": PDF, "f1": PDF}
    sent = await call(http, tg, "sendMediaGroup", both, chat_id=GROUP, media=attached("document", "document"))
    kept["album"] = sent["result"][0]["message_id"]

    async def put(before: str, kind: str, data: bytes = JPEG, name: str = "f") -> Any:
        media = {"type": kind, "media": f"attach://{name}", "caption": "new"}
        given: dict[str, Any] = {"chat_id": GROUP, "message_id": kept[before], "media": media}
        answer = await call(http, tg, "editMessageMedia", {"f": data} if name == "f" else {}, **given)
        if answer["ok"]:
            assert API.complaint("Message", answer["result"]) is None
            assert (tg.file(GROUP, kept[before]).data, answer["result"]["caption"]) == (data, "new")
        return answer.get("description")

    assert [await put(before, "photo") for before in ("photo", "video", "animation", "document", "text")] == [None] * 5
    assert await put("audio", "document", PDF) is None and await put("album", "document", PDF) is None
    for before, kind, data, words in (
        ("voice", "audio", b"ID3", "there is no media in the message to edit"),
        ("sticker", "photo", JPEG, "there is no media in the message to edit"),
        ("photo", "voice", b"OggS", "can't parse InputMedia"),
        ("photo", "sticker", WEBP, "can't parse InputMedia"),
        ("photo", "photo", PDF, "IMAGE_PROCESS_FAILED"),
        ("album", "photo", JPEG, "can't change media type in the album"),
        ("album", "animation", GIF, "can't be used in an album"),
    ):
        assert words in await put(before, kind, data)
    assert "not attached" in await put("photo", "photo", name="other")


async def test_polls_and_places(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """A poll and a place are shown as the API describes; a poll ends once; neither is edited."""
    options = [{"text": "Yes"}, {"text": "No"}]
    poll = (await call(http, tg, "sendPoll", chat_id=GROUP, question="Open?", options=options))["result"]
    place: dict[str, Any] = {"latitude": 50.5, "longitude": 5.5, "title": "Ada", "address": "sluice"}
    venue = (await call(http, tg, "sendVenue", chat_id=GROUP, **place))["result"]
    for shown in (poll, venue):
        assert API.complaint("Message", shown) is None, shown
        edit = {"chat_id": GROUP, "message_id": shown["message_id"], "text": "x"}
        assert "can't be edited" in (await call(http, tg, "editMessageText", **edit))["description"]
    stop = {"chat_id": GROUP, "message_id": poll["message_id"]}
    assert API.complaint("Poll", (await call(http, tg, "stopPoll", **stop))["result"]) is None
    assert not (await call(http, tg, "stopPoll", **stop))["ok"]


async def test_rights_and_topics(tg: TelegramEmulator, http: aiohttp.ClientSession) -> None:
    """What members may not send is refused to the bot too, until it is an administrator; nobody writes into a closed topic."""
    tg.forbid(GROUP, "photo")
    answer = await call(http, tg, "sendPhoto", {"photo": JPEG}, chat_id=GROUP)
    assert answer["description"] == "Bad Request: not enough rights to send photos to the chat"
    tg.chats[GROUP].status = "administrator"
    assert (await call(http, tg, "sendPhoto", {"photo": JPEG}, chat_id=GROUP))["ok"]
    tg.close_topic(FORUM, 7)
    closed = await call(http, tg, "sendMessage", chat_id=FORUM, message_thread_id=7, text="x")
    assert closed["description"] == "Bad Request: TOPIC_CLOSED"
    assert (await call(http, tg, "sendMessage", chat_id=FORUM, text="x"))["ok"]


async def test_what_is_given_back(tg: TelegramEmulator, http: aiohttp.ClientSession, tmp_path: Path) -> None:
    """Only who has the token gets a file, and none too large; in local mode its place on disk is told instead."""
    kept = tg.keep("document", b"x" * 100, "plan.pdf")
    for token, path, status in (("odd", kept.path, 401), (tg.token, "documents/odd.pdf", 404)):
        async with http.get(f"{tg.url}/file/bot{token}/{path}") as answer:
            assert answer.status == status
    tg.allow_sizes(upload=99, download=99)
    assert (await call(http, tg, "getFile", file_id=kept.id))["description"] == "Bad Request: file is too big"
    tg.local_mode(str(tmp_path))
    told = (await call(http, tg, "getFile", file_id=kept.id))["result"]
    assert Path(told["file_path"]).read_bytes() == kept.data
