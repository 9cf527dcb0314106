"""Where the files lie that the bot sent into somebody's private chat in a rehearsal: so that a copy of the log can be opened and verified."""

from __future__ import annotations

from pathlib import Path


def keep(folder: Path, name: str, data: bytes) -> Path:
    """Write a file, for whoever runs this alone, and say where; what lies there already stays, so that two copies can be compared."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    named = Path(Path(name).name or "file")
    path, number = folder / named, 1
    while path.exists():
        number += 1
        path = folder / f"{named.stem}-{number}{named.suffix}"
    path.touch(mode=0o600)
    path.write_bytes(data)
    return path
