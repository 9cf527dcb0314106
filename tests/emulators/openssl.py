"""The program ``openssl``, with which an outsider checks a time stamp. It is on most machines, and no lock of ours brings it along."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime
from pathlib import Path

import pytest


def is_here() -> bool:
    """Whether it is on this machine. Where it is not, the test that asks is not tried, and the last lines say so."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here (Debian's package is called openssl)")
    return True


def confirms(folder: Path, note: str, stamp: str, root: str, at: datetime) -> bool:
    """What it says of a stamp of a note, both files of a folder, and the root in a third, at a time."""
    command = ["openssl", "ts", "-verify", "-data", note, "-in", stamp, "-CAfile", root]
    command += ["-attime", str(int(at.timestamp()))]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode == 0
