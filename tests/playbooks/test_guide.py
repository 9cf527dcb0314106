"""GUIDE.md cannot lag: what it builds is right at each step, and its commands say what it shows.

``python -m tests.playbooks.guide`` writes the outputs anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from playbooks.load import load
from tests.playbooks.guide import FILE, NOW, PAGE, boxes, changed, followed, merged, rewritten, shortened


def test_whoever_follows_the_guide_sees_what_it_shows(tmp_path: Path) -> None:
    """Box by box, the commands say what stands on the page, and what is built in the end keeps its promises."""
    assert rewritten(tmp_path) == PAGE.read_text(), "run: .venv/bin/python -m tests.playbooks.guide"
    playbook = load(tmp_path / FILE).playbook
    assert len(playbook.partners) == 5
    assert len(playbook.tests) == 6


def test_the_guide_teaches_every_question_that_can_be_asked_of_a_playbook() -> None:
    """Each command about playbooks is typed at least once; the page's day is told apart from today."""
    typed = {
        line.split()[2] for box in boxes(PAGE.read_text()) for line in box.body.splitlines() if line[:9] == "$ tocsin "
    }
    assert typed >= {"check", "who-sees", "explain", "test", "diff", "rehearse"}
    assert NOW[:10] in PAGE.read_text()


def test_what_the_page_has_otherwise_is_found(tmp_path: Path) -> None:
    """An output that is not what the command says now is written anew; what is left out stays left out."""
    page = "```console\n$ tocsin say\nold\n```\nand\n```console\n$ tocsin say\none\n…\n```\n"
    assert followed(page, tmp_path, lambda command: f"one\n{command}\n") == (
        "```console\n$ tocsin say\none\ntocsin say\n```\nand\n```console\n$ tocsin say\none\n…\n```\n"
    )
    assert shortened("one\ntwo\n", "gone\n…\n") == "one\ntwo\n"


def test_a_slip_is_undone_after_the_command_that_shows_it(tmp_path: Path) -> None:
    """What the reader is told to put right is right afterwards."""
    page = "```yaml\na: 1\n```\n```diff slip\n-a: 1\n+a: 2\n```\n```console\n$ tocsin say\n```\n"
    seen = []
    followed(page, tmp_path, lambda _: seen.append((tmp_path / FILE).read_text()) or "")
    assert seen == ["a: 2\n"]
    assert (tmp_path / FILE).read_text() == "a: 1\n"


def test_a_box_goes_where_the_reader_puts_it() -> None:
    """A new section goes to the end, more of a section to its end; a change must fit what is there."""
    assert merged("a:\n  b: 1\n\n  # c\nd: 2\n", "a:\n  e: 3\nf: 4\n") == "a:\n  b: 1\n\n  # c\n  e: 3\nd: 2\nf: 4\n"
    assert changed("a\nb\nc\n", " a\n-b\n+d\n") == "a\nd\nc\n"
    with pytest.raises(AssertionError, match="not in the playbook"):
        changed("a\n", "-b\n+c\n")
