"""``tocsin who-sees`` and ``tocsin explain``: what people read, what programs read, and mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bot.running import FLOOD, tocsin
from tests.playbooks.border import BORDER

WHEN = ("--phase", "response", "--area", "chenee", "--at", "2026-06-01T12:00")


@pytest.fixture
def border(tmp_path: Path) -> Path:
    """The playbook of a border, with a channel, as a file."""
    ops = "channels:\n  ops: {title: Ops, members: {kind: [fire, municipality]}, label: {tlp: amber}}\nalerts:\n  evacuation:"
    path = tmp_path / "border.yaml"
    path.write_text(
        BORDER.replace("alerts:\n  evacuation:", ops).replace("{telegram: -11}", "{telegram: -11, for: [alerts, ops]}")
    )
    return path


def test_the_table_has_every_partner_and_field_and_what_decides(tmp_path: Path) -> None:
    """Whose words, when and where stand above it; a cell says how it is seen and which line decides."""
    ran = tocsin(tmp_path, "who-sees", FLOOD, "evacuation", *WHEN)
    assert (ran.code, ran.err) == (0, "")
    flat = " ".join(ran.out.split())
    assert "evacuation, by liege-city, in response at chenee, 2026-06-01 12:00 Europe/Brussels" in flat
    for word in ("red-cross", "drk-aachen", "action", "victims", "full :", "area :", "– be→de :", "– clearance"):
        assert word in ran.out
    assert max(map(len, ran.out.splitlines())) <= 102
    assert "In watch" in ran.out and "(--phase watch)" in ran.out
    assert "(--danger)" in ran.out


def test_programs_get_every_cell_with_file_and_line(tmp_path: Path) -> None:
    """Full, generalised or withheld; why; the rule as file:line; what was supposed; the digest of the bytes."""
    ran = tocsin(tmp_path, "who-sees", FLOOD, "evacuation", *WHEN, "--network", "telegram", "--json")
    said = json.loads(ran.out)
    assert (said["playbook"], said["alert"], said["channel"]) == ("meuse-flood", "evacuation", None)
    assert said["given"] == {
        "from": "liege-city", "phase": "response", "area": "chenee", "network": "telegram", "encrypted": None,
        "at": "2026-06-01T12:00:00+02:00", "danger": False, "hazard": "flood",
    }  # fmt: skip
    rows = {row["partner"]: row for row in said["rows"]}
    assert {row["network"] for row in said["rows"]} == {"telegram"}
    red_cross = rows["red-cross"]["cells"]
    assert (red_cross["action"]["sight"], red_cross["where"]["sight"], red_cross["where"]["form"]) == (
        "full",
        "generalised",
        "area",
    )
    assert red_cross["people"]["sight"] == "withheld" and red_cross["people"]["why"] == "clearance"
    source = FLOOD.read_text().splitlines()
    file, _, line = red_cross["where"]["rule"].rpartition(":")
    assert file == str(FLOOD) and "permit: [where], as: area" in source[int(line) - 1]
    line = rows["red-cross"]["cells"]["people"]["rule"].rpartition(":")[2]
    assert "clearance" in source[int(line) - 1]
    assert "liege-fire" in said["roomless"]


def test_what_could_not_happen_is_said_under_the_heading(tmp_path: Path, border: Path) -> None:
    """By both commands; names are not broken at their hyphens."""
    for words in (("who-sees", border, "evacuation"), ("explain", border, "evacuation", "what", "aid")):
        said = " ".join(tocsin(tmp_path, *words, "--from", "aid", "--area", "town").out.split())
        assert "Note: it could not happen: aid may not issue `evacuation`" in said
        assert "Note:" not in tocsin(tmp_path, *words, "--from", "city", "--area", "town").out
    narrow = tocsin(tmp_path, "who-sees", FLOOD, "evacuation", "--from", "liege-fire", "--area", "chenee").out
    assert not [line for line in narrow.splitlines() if line.endswith("-")]


def test_a_channel_can_be_asked_about(tmp_path: Path, border: Path) -> None:
    """By its name, with or without its sign."""
    for name in ("ops", "#ops"):
        said = json.loads(tocsin(tmp_path, "who-sees", border, name, "--json").out)
        assert (said["channel"], said["fields"]) == ("ops", ["#ops"])
        assert [(row["partner"], row["gets"]) for row in said["rows"]] == [("city", "member")]
    assert "city" in tocsin(tmp_path, "who-sees", border, "ops").out


def test_what_is_seen_is_explained_with_rule_agreement_and_dates(tmp_path: Path) -> None:
    """The line is quoted; the agreement is named with its dates."""
    ran = tocsin(tmp_path, "explain", FLOOD, "evacuation", "what", "zuid-limburg", *WHEN)
    flat = " ".join(ran.out.split())
    assert ran.code == 0
    assert "zuid-limburg (Veiligheidsregio Zuid-Limburg) sees `what` in full on Matrix (plain)." in flat
    assert "permits it: {permit: [what, where, access]" in flat
    assert "From be to nl under the agreement emric (" in flat and "until 20" in flat


def test_a_denial_is_explained_with_the_nearest_change(tmp_path: Path) -> None:
    """Which, made in a copy of the file, opens it."""
    ran = tocsin(tmp_path, "explain", FLOOD, "evacuation", "what", "drk-aachen", *WHEN, "--json")
    [there] = json.loads(ran.out)["rooms"]
    assert (there["sight"], there["why"], there["detail"]) == ("withheld", "agreement", "be→de")
    [change] = there["ways"][0]["changes"]
    assert change["what"] == f"name the agreement emric in the permit on line {change['line']} (`under: emric`)"
    lines = FLOOD.read_text().splitlines(keepends=True)
    lines[change["line"] - 1] = lines[change["line"] - 1].replace(
        "purpose: life-safety}", "purpose: life-safety, under: emric}"
    )
    (tmp_path / "wider.yaml").write_text("".join(lines))
    said = json.loads(
        tocsin(tmp_path, "explain", "wider.yaml", "evacuation", "what", "drk-aachen", *WHEN, "--json").out
    )
    assert said["rooms"][0]["sight"] == "full"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("who-sees", FLOOD, "evacuatoin"), "there is no alert or channel `evacuatoin`; did you mean `evacuation`?"),
        (("who-sees", FLOOD, "evacuation", "--phase", "respnse"), "there is no phase `respnse`; did you mean `response`?"),
        (("who-sees", FLOOD, "evacuation", "--network", "signal"), "there is no network `signal`"),
        (("who-sees", FLOOD, "evacuation", "--at", "noon"), "--at `noon` is not a time; write a day like"),
        (("who-sees", FLOOD, "evacuation", "--area", "atlantis"), "there is no area `atlantis`"),
        (("who-sees", "nowhere.yaml", "evacuation"), "nowhere.yaml: cannot be read: No such file or directory"),
        (("explain", FLOOD, "evacuation", "what", "red-crss"), "there is no partner `red-crss`; did you mean `red-cross`?"),
        (("explain", FLOOD, "evacuation", "wat", "red-cross"), "there is no field of evacuation `wat`; did you mean `what`?"),
    ],
)  # fmt: skip
def test_what_is_not_in_the_playbook_is_said_with_what_was_meant(
    tmp_path: Path, arguments: tuple[str | Path, ...], said: str
) -> None:
    """In one line on standard error, and the question is left unanswered."""
    ran = tocsin(tmp_path, *arguments)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert said in ran.err


def test_names_as_people_know_them_will_do(tmp_path: Path) -> None:
    """A partner's full name and an area's name in any language are understood."""
    ran = tocsin(
        tmp_path,
        "explain",
        FLOOD,
        "evacuation",
        "what",
        "ville de liège",
        "--area",
        "Chênée",
        "--from",
        "Ville de Liège",
    )
    assert ran.code == 0 and "liege-city (Ville de Liège) sees" in ran.out


def test_a_playbook_with_errors_is_not_asked(tmp_path: Path) -> None:
    """The errors are said with their places instead."""
    (tmp_path / "broken.yaml").write_text("playbook: x\n")
    ran = tocsin(tmp_path, "who-sees", "broken.yaml", "evacuation")
    assert ran.code == 2 and all(line.startswith("broken.yaml:") for line in ran.err.splitlines())
