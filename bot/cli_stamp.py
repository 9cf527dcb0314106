"""``tocsin stamp``: a time stamp for the log's state by way of files, where this machine reaches no authority."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot import filed
from bot.cli_ending import UNANSWERED, Stop
from bot.prose import fitted
from bot.settings import Settings
from storage.governing import in_force
from storage.stamping import MOST_BYTES, roots_in


def stamp(settings: Settings, incident: str, out: Path | None, answer: Path | None) -> None:
    """Write what an authority is asked, or keep what it answered."""
    if (out is None) == (answer is None):
        both = "one of the two, not both" if out is not None else "one of the two"
        words = (
            f"give {both}: -o FILE to write the question for an authority, or --answer FILE to keep what it answered"
        )
        raise Stop(UNANSWERED, words)
    try:
        asyncio.run(_ask(settings, incident, out) if out is not None else _keep(settings, incident, answer or Path()))
    except filed.NotOnFile as missing:
        raise Stop(UNANSWERED, str(missing)) from None


async def _ask(settings: Settings, incident: str, out: Path) -> None:
    async with filed.found(settings, incident) as (store, stream, _):
        asked = await store.to_stamp(stream, await filed.now(store))
    try:
        with out.open("xb") as file:
            file.write(asked.body)
    except FileExistsError:
        raise Stop(UNANSWERED, f"{out} exists: name another file") from None
    print(
        fitted(f"{out} asks for a stamp of the log of {stream} as it is now. On a machine that reaches the authority:")
    )
    print(f"  curl -H 'Content-Type: application/timestamp-query' --data-binary @{out.name} -o answer.tsr URL")
    print("Then, here:")
    print(f"  tocsin stamp {stream} --answer answer.tsr")


async def _keep(settings: Settings, incident: str, path: Path) -> None:
    with path.open("rb") as file:
        answer = file.read(MOST_BYTES + 1)
    roots = roots_in(settings.timestamps_ca.read_bytes()) if settings.timestamps_ca is not None else []
    async with filed.found(settings, incident) as (store, stream, _):
        playbook = in_force(await store.facts(stream))
        fact = await store.keep_stamp(stream, answer, roots, await filed.now(store), playbook=playbook)
    by = fact.authority or "an authority"
    print(
        fitted(f"Kept: {by} stamped the log of {stream} over {fact.size} entries at {fact.time:%Y-%m-%d %H:%M:%S} UTC.")
    )
    print("Every export from now on carries it.")
    if not roots:
        print("Who signed it was not checked: set TOCSIN_TIMESTAMPS_CA to the authority's root certificate (PEM).")
