"""kill -9 at every word to the disk, while the log is signed, exported, and its key replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bot.running import ROOT


def test_nothing_that_was_signed_contradicts_itself(tmp_path: Path) -> None:
    """Killed at each of some fifty steps and gone on with other words: one root for each size, a chain to every key, and no false rollback."""
    command = [sys.executable, "-m", "tests.faults.stepping", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 40
