"""Files go to the homeserver once and come from it whole, in little memory, and what cannot be had is said to be gone."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import tracemalloc
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from nio.crypto.attachments import encrypt_attachment

from bot.networks.matrix import Matrix
from bot.networks.matrix_http import PIECE
from bot.networks.port import Delayed, FileGone, NetworkDown, Refused, Sent, Spooled
from playbooks.spoken import File
from tests.emulators.matrix_bench import Bench, running
from tests.emulators.matrix_person import MatrixPerson
from tests.emulators.matrix_proxy import Fault, MatrixProxy
from tests.emulators.synapse import SynapseServer

_numbers = itertools.count(1)
_UPLOAD = ("POST", "/media/v3/upload")
_LARGE = 40 * 1024 * 1024
_LITTLE = 8 * 1024 * 1024


@pytest.fixture
async def proxy(synapse: SynapseServer) -> AsyncIterator[MatrixProxy]:
    async with MatrixProxy(synapse.url) as proxy:
        yield proxy


@pytest.fixture
async def bench(synapse: SynapseServer, proxy: MatrixProxy, tmp_path: Path) -> AsyncIterator[Bench]:
    async with running(synapse, f"shelver{next(_numbers)}", tmp_path / "matrix", proxy.url) as bench:
        yield bench


@pytest.fixture
async def ada(synapse: SynapseServer) -> AsyncIterator[MatrixPerson]:
    async with MatrixPerson(synapse, f"finder{next(_numbers)}") as person:
        yield person


async def a_room(bench: Bench, person: MatrixPerson, *, encrypted: bool = False) -> str:
    room = await person.create_room("Crue", encrypted=encrypted, invite=(bench.user,))
    await bench.enter(room)
    await person.wait_member(room, bench.user)
    return room


def spooled(path: Path, name: str = "digue.bin") -> Spooled:
    return Spooled(path, name, "application/octet-stream", path.stat().st_size, File("telegram", "{}"))


def at(mxc: str, seal: dict[str, Any] | None = None) -> File:
    """The file as it is heard of."""
    return File("matrix", json.dumps({"mxc": mxc} | ({"file": seal | {"url": mxc}} if seal is not None else {})))


async def fetched(matrix: Matrix, file: File) -> bytes:
    return b"".join([piece async for piece in matrix.fetch(file)])


async def brought(person: MatrixPerson, data: bytes) -> str:
    """``data`` on the homeserver, brought there by ``person``."""
    answer, _ = await person.client.upload(lambda *_: data, content_type="application/octet-stream", filesize=len(data))
    return str(answer.content_uri)


@pytest.mark.parametrize("sealed", [False, True])
async def test_a_file_comes_as_its_sender_sent_it(bench: Bench, ada: MatrixPerson, sealed: bool) -> None:
    """Plain or sealed, in pieces of bounded size; an empty one is empty; one that was changed never comes whole."""
    for data in (b"", b"x", b"y" * PIECE, bytes(range(256)) * 1000):
        lies, seal = encrypt_attachment(data) if sealed else (data, None)
        file = at(await brought(ada, lies), seal)
        pieces = [piece async for piece in bench.matrix.fetch(file)]
        assert b"".join(pieces) == data
        assert all(0 < len(piece) <= PIECE for piece in pieces)
    if seal is not None:
        wrong = at(await brought(ada, lies[:-1] + b"!"), seal)
        came = b""
        with pytest.raises(FileGone):
            async for piece in bench.matrix.fetch(wrong):
                came += piece
        assert len(came) < len(lies)


async def test_what_cannot_be_had_is_gone_and_what_may_come_is_waited_for(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy
) -> None:
    """A file that is not there, or not ours to read, is gone; a server in trouble is asked again later."""
    mxc = await brought(ada, b"data")
    for lost in (at("mxc://localhost/nothingofthekind"), at("mxc://nowhere.invalid/../x"), File("matrix", "[]")):
        with pytest.raises(FileGone):
            await fetched(bench.matrix, lost)
    for status, body in ((403, {"errcode": "M_FORBIDDEN"}), (404, {"errcode": "M_NOT_FOUND"}), (413, {})):
        proxy.fault("answer", "GET", "/media/download", status=status, body=body)
        with pytest.raises(FileGone):
            await fetched(bench.matrix, at(mxc))
    for status, body in ((429, {"errcode": "M_LIMIT_EXCEEDED"}), (502, {}), (504, {"errcode": "M_NOT_YET_UPLOADED"})):
        proxy.fault("answer", "GET", "/media/download", status=status, body=body)
        with pytest.raises(NetworkDown):
            await fetched(bench.matrix, at(mxc))
    proxy.fault("drop_before", "GET", "/media/download", times=5)
    with pytest.raises(NetworkDown):
        await fetched(bench.matrix, at(mxc))
    proxy.faults.clear()
    assert await fetched(bench.matrix, at(mxc)) == b"data"
    with pytest.raises(NetworkDown):
        await fetched(bench.make(), at(mxc))  # not connected


async def test_a_server_of_before_is_asked_in_its_own_way(bench: Bench, ada: MatrixPerson, proxy: MatrixProxy) -> None:
    """Where files are not yet asked for by name, the older road is taken."""
    for status in (404, 400):
        proxy.fault("answer", "GET", "/client/v1/media/download", status=status, body={"errcode": "M_UNRECOGNIZED"})
        proxy.fault("answer", "GET", "/media/v3/download/localhost/old", status=200, body="old")
        assert await fetched(bench.matrix, at("mxc://localhost/old")) == b"old"


async def test_the_token_goes_to_nobody_else(bench: Bench, proxy: MatrixProxy) -> None:
    """A homeserver that keeps its files elsewhere is followed there, without our token, and not in circles."""
    asked: list[str | None] = []

    async def give(request: web.Request) -> web.Response:
        asked.append(request.headers.get("Authorization"))
        return web.Response(body=b"from elsewhere")

    app = web.Application()
    app.router.add_get("/file", give)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        for target, times in ((f"http://127.0.0.1:{runner.addresses[0][1]}/file", 1), ("ftp://x/y", 1), ("", 9)):
            proxy.faults = [_sent_to(target, times)]
            if target.startswith("http"):
                assert await fetched(bench.matrix, at("mxc://localhost/away")) == b"from elsewhere"
            else:
                with pytest.raises(NetworkDown):
                    await fetched(bench.matrix, at("mxc://localhost/away"))
    finally:
        await runner.cleanup()
    assert asked == [None]


def _sent_to(target: str, times: int) -> Any:
    return Fault("answer", "GET", "/media/download", times, 307, {}, {"Location": target} if target else {})


async def test_a_file_is_brought_once_for_all_rooms(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path
) -> None:
    """However many rooms see it at once, also after a restart, it goes to the server once plain and once sealed."""
    rooms = [await a_room(bench, ada, encrypted=encrypted) for encrypted in (False, False, True, True)]
    path = tmp_path / "digue.part"
    path.write_bytes(b"seen by all")
    sent = await asyncio.gather(*(bench.send(room, "Ada", files=(spooled(path),)) for room in rooms))
    assert proxy.count(*_UPLOAD) == 2
    for room, one in zip(rooms, sent, strict=True):
        assert isinstance(one, Sent)
        assert await ada.open_file(await ada.look(room, one.message_id)) == b"seen by all"
    await bench.restart()
    same = tmp_path / "again.part"
    same.write_bytes(b"seen by all")
    for room in rooms:
        assert isinstance(await bench.send(room, files=(spooled(same, "other.bin"),)), Sent)
    assert proxy.count(*_UPLOAD) == 2
    bench.late = timedelta(days=4)  # the server may have thrown it away
    assert isinstance(await bench.send(rooms[0], files=(spooled(same),)), Sent)
    assert proxy.count(*_UPLOAD) == 3
    assert not [address for _, address in proxy.requests if "filename" in address], "names are for those who see them"


async def test_how_large_a_file_may_be_is_asked_for(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path
) -> None:
    """The server's bound is known once we are connected; a file beyond it is refused, by us or by the server's word."""
    room = await a_room(bench, ada)
    assert bench.matrix.largest_upload == 50 * 1024 * 1024
    path = tmp_path / "huge.part"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    refused = await bench.send(room, files=(spooled(path),))
    assert isinstance(refused, Refused) and "too large" in refused.reason
    assert proxy.count(*_UPLOAD) == 0

    await bench.stop()
    bench.url = bench.server.url
    bench.matrix = bench.make()
    await bench.start()
    shelf = bench.matrix._shelf
    assert shelf is not None
    shelf.largest = None
    refused = await bench.send(room, files=(spooled(path),))
    assert isinstance(refused, Refused) and "too large" in refused.reason


async def test_a_server_that_does_not_take_a_file_now_is_tried_later(
    bench: Bench, ada: MatrixPerson, proxy: MatrixProxy, tmp_path: Path
) -> None:
    """Limits, outages and broken roads delay; a bound or a ban is final; and an odd answer is no address."""
    room = await a_room(bench, ada)
    path = tmp_path / "digue.part"
    path.write_bytes(b"data" * 100_000)

    async def answered(status: int, body: object) -> object:
        proxy.fault("answer", *_UPLOAD, status=status, body=body)
        return await bench.send(room, files=(spooled(path),), token="same")

    for status, body in ((429, {"retry_after_ms": 50}), (502, {}), (200, {}), (200, {"content_uri": 7})):
        assert isinstance(await answered(status, body), Delayed), (status, body)
    for status, code in ((413, "M_TOO_LARGE"), (403, "M_FORBIDDEN"), (400, "")):
        refused = await answered(status, {"errcode": code})
        assert isinstance(refused, Refused) and not refused.gone, status
    proxy.fault("drop_after", *_UPLOAD)
    assert isinstance(await bench.send(room, files=(spooled(path),), token="same"), Delayed)
    assert isinstance(await bench.send(room, files=(spooled(path),), token="same"), Sent)


async def test_a_server_that_does_not_tell_its_bound_is_no_trouble(bench: Bench, proxy: MatrixProxy) -> None:
    """Where nothing is said of a bound, or nonsense, none is known; the older road is asked as well."""
    answers: list[tuple[dict[str, Any], int | None]] = [({}, None), ({"m.upload.size": "big"}, None)]
    for body, known in [*answers, ({"m.upload.size": 7}, 7)]:
        proxy.fault("answer", "GET", "/client/v1/media/config", status=404, body={"errcode": "M_UNRECOGNIZED"})
        proxy.fault("answer", "GET", "/media/v3/config", status=200, body=body)
        await bench.restart()
        assert bench.matrix.largest_upload == known


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_large_file_needs_little_memory(
    synapse: SynapseServer, ada: MatrixPerson, tmp_path: Path, encrypted: bool
) -> None:
    """Forty megabytes go to a real homeserver and come back, sealed or not, without ever being in memory as a whole."""
    async with running(synapse, f"heavy{next(_numbers)}", tmp_path / "matrix") as bench:
        room = await a_room(bench, ada, encrypted=encrypted)
        path = tmp_path / "film.part"
        with path.open("wb") as file:
            for number in range(_LARGE // PIECE):
                file.write(number.to_bytes(4, "big") * (PIECE // 4))
        tracemalloc.start()
        try:
            sent = await bench.send(room, "Ada", files=(spooled(path),))
            assert isinstance(sent, Sent), sent
            assert tracemalloc.get_traced_memory()[1] < _LITTLE
            content = (await ada.look(room, sent.message_id)).content
            mxc = content["file"]["url"] if encrypted else content["url"]
            tracemalloc.reset_peak()
            digest = hashlib.sha256()
            async for piece in bench.matrix.fetch(at(mxc, content.get("file"))):
                digest.update(piece)
            assert tracemalloc.get_traced_memory()[1] < _LITTLE
        finally:
            tracemalloc.stop()
        with path.open("rb") as file:
            assert digest.hexdigest() == hashlib.file_digest(file, "sha256").hexdigest()
