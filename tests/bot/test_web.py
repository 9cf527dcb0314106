"""The web pages: what is alive, what is ready, and what is counted, in Prometheus' format and without a word of anyone."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterable, Mapping

import aiohttp
import pytest

from bot.networks.port import NetworkState
from bot.web import AddressTaken, Figure, Histogram, Web, exposition
from playbooks.rooms import Network


class Pretended:
    """A program that is as the test wants it."""

    def __init__(self) -> None:
        self.ready = True
        self.trouble: str | None = None
        self.states: Mapping[Network, NetworkState] = {
            "telegram": NetworkState(connected=True),
            "matrix": NetworkState(),
        }

    def backlog(self, network: Network) -> int:
        return 3 if network == "matrix" else 0

    async def figures(self) -> Iterable[Figure]:
        return [Figure("network_up", "gauge", "Up.", {(("network", 'a"b'),): 1.0})]


@pytest.fixture
async def served() -> AsyncIterator[tuple[Pretended, str]]:
    running = Pretended()
    web = Web(running, "127.0.0.1", 0)
    await web.start()
    yield running, web.address
    await web.close()


async def _get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


async def test_ready_only_with_every_network(served: tuple[Pretended, str]) -> None:
    """It is alive at once, and ready once the engine runs, storage works and every network is connected."""
    running, address = served
    assert (await _get(f"{address}/healthz"))[0] == 200
    status, body = await _get(f"{address}/readyz")
    assert status == 503
    assert '"backlog": 3' in body
    running.states["matrix"].connected = True
    assert (await _get(f"{address}/readyz"))[0] == 200
    running.trouble = "the disk is full"
    status, body = await _get(f"{address}/readyz")
    assert (status, "the disk is full" in body) == (503, True)
    running.trouble, running.ready = None, False
    assert (await _get(f"{address}/readyz"))[0] == 503


async def test_metrics_are_prometheus(served: tuple[Pretended, str]) -> None:
    """Figures come with help, type and escaped labels."""
    status, body = await _get(f"{served[1]}/metrics")
    assert status == 200
    assert (
        body == '# HELP tocsin_network_up Up.\n# TYPE tocsin_network_up gauge\ntocsin_network_up{network="a\\"b"} 1\n'
    )


def test_a_histogram_is_cumulative() -> None:
    """Each bucket counts what took no longer than its bound."""
    histogram = Histogram(bounds=(0.1, 1.0))
    for seconds in (0.05, 0.5, 5.0):
        histogram.observe(seconds)
    lines = list(exposition([Figure("t", "histogram", "T.", histogram=histogram)]))
    assert lines[2:] == [
        'tocsin_t_bucket{le="0.1"} 1',
        'tocsin_t_bucket{le="1"} 2',
        'tocsin_t_bucket{le="+Inf"} 3',
        "tocsin_t_sum 5.55",
        "tocsin_t_count 3",
    ]


async def test_an_address_that_is_taken_names_the_setting() -> None:
    """Where something else listens, the error names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(AddressTaken, match="TOCSIN_WEB"):
        await Web(Pretended(), "127.0.0.1", taken.getsockname()[1]).start()
