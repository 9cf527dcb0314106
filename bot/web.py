"""What the program says of itself over HTTP: ``/healthz``, ``/readyz``, ``/metrics``. Never what people say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from bot.networks.port import NetworkState
from playbooks.rooms import Network

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the histogram of decisions."""

_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Histogram:
    """How long something took, in seconds."""

    bounds: Sequence[float] = SECONDS
    counts: list[int] = field(default_factory=list)
    total: float = 0.0
    count: int = 0

    def observe(self, seconds: float) -> None:
        """It took so long."""
        if not self.counts:
            self.counts = [0] * len(self.bounds)
        for index, bound in enumerate(self.bounds):
            if seconds <= bound:
                self.counts[index] += 1
        self.total += seconds
        self.count += 1


class Running(Protocol):
    """What is asked of the program that runs."""

    @property
    def ready(self) -> bool:
        """Whether the engine runs."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with storage, in words; None when nothing is."""

    @property
    def states(self) -> Mapping[Network, NetworkState]:
        """Every configured network."""

    def backlog(self, network: Network) -> int:
        """Messages that wait to leave."""

    async def figures(self) -> Iterable[Figure]:
        """Everything that is counted."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: name without prefix, kind, help, and its values by labels."""

    name: str
    kind: str
    help: str
    values: Mapping[tuple[tuple[str, str], ...], float] = field(default_factory=dict)
    histogram: Histogram | None = None


class AddressTaken(Exception):
    """Nothing can listen at ``TOCSIN_WEB``. The message says what to do."""


async def _healthz(request: web.Request) -> web.Response:
    del request
    return web.Response(text="ok\n")


def pages(running: Running) -> web.Application:
    """The three pages."""

    async def readyz(request: web.Request) -> web.Response:
        del request
        said = readiness(running)
        return web.Response(
            text=json.dumps(said, ensure_ascii=False, indent=2) + "\n",
            status=200 if said["ready"] else 503,
            content_type="application/json",
        )

    async def metrics(request: web.Request) -> web.Response:
        del request
        body = "\n".join(exposition(await running.figures())) + "\n"
        return web.Response(body=body.encode(), headers={"Content-Type": _TYPE})

    app = web.Application()
    app.add_routes([web.get("/healthz", _healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    return app


def readiness(running: Running) -> dict[str, object]:
    """The body of ``/readyz``. ``ready`` is true once the engine runs, storage works and every network is connected."""
    networks = {
        name: {
            "connected": state.connected,
            "since": state.since.isoformat() if state.since else None,
            "backlog": running.backlog(name),
            "last_error": state.last_error,
        }
        for name, state in running.states.items()
    }
    ready = running.ready and running.trouble is None and all(state.connected for state in running.states.values())
    return {"ready": ready, "engine": running.ready, "storage": running.trouble or "ok", "networks": networks}


def exposition(figures: Iterable[Figure]) -> Iterator[str]:
    """Metrics in Prometheus' text format."""
    for figure in figures:
        name = f"tocsin_{figure.name}"
        yield f"# HELP {name} {figure.help}"
        yield f"# TYPE {name} {figure.kind}"
        if figure.histogram is not None:
            yield from _histogram(name, figure.histogram)
        for labels, value in figure.values.items():
            yield f"{name}{_labels(labels)} {value:g}"


def _histogram(name: str, histogram: Histogram) -> Iterator[str]:
    for bound, count in zip(histogram.bounds, histogram.counts or [0] * len(histogram.bounds), strict=True):
        yield f'{name}_bucket{{le="{bound:g}"}} {count}'
    yield f'{name}_bucket{{le="+Inf"}} {histogram.count}'
    yield f"{name}_sum {histogram.total:g}"
    yield f"{name}_count {histogram.count}"


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    if not labels:
        return ""
    quoted = (f'{key}="{_escaped(value)}"' for key, value in labels)
    return "{" + ",".join(quoted) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class Web:
    """The pages at an address. Port 0 takes any that is free; ``address`` then says which."""

    def __init__(self, running: Running, host: str, port: int) -> None:
        self._runner = web.AppRunner(pages(running), access_log=None, shutdown_timeout=1.0)
        self._host, self._port = host, port

    async def start(self) -> None:
        """Listen. Raises AddressTaken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or str(error)
            raise AddressTaken(
                f"TOCSIN_WEB: cannot listen on {self._host}:{self._port} ({reason.lower()}); "
                "set another host:port, or end what listens there"
            ) from None

    @property
    def address(self) -> str:
        """Where the pages are."""
        host, port = (*self._runner.addresses, (self._host, self._port))[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()
