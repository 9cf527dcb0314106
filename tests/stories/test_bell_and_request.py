"""From the bell to the order, through the real engine: a report, an incident, a request, a guest, and a log that verifies."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from tests.bot.running import FLOOD, tocsin

SCRIPT = """\
script: meuse-flood
title: The bell
people:
  anne: {name: Anne, partner: liege-city, role: official, network: telegram}
  bruno: {name: Bruno, partner: liege-city, role: official, network: telegram}
  claire: {name: Claire, partner: liege-fire, role: official, network: matrix}
  greta: {name: Greta, partner: liege-governor, role: coordinator, network: matrix}
steps:
  - {at: 0s, as: anne, in: liege-city, say: "/report M=yes E=\\"Quai des Ardennes\\" T=flood H=gas N=12"}
  - {as: anne, tap: start}
  - {at: 2m, as: claire, in: liege-fire, say: "/alert evacuation action=leave where=Chênée Le quai est sous l'eau"}
  - {as: claire, tap: "D-1"}
  - {at: 3m, as: anne, in: liege-city, tap: "yes"}
  - {at: 4m, as: bruno, in: liege-city, tap: send}
  - {at: 5m, as: greta, in: liege-governor, say: "/admit MSF as ngo for 1h in be"}
  - {as: greta, say: "/admit yes MSF as ngo for 1h in be"}
  - {at: 70m, as: greta, say: /close}
  - {as: greta, tap: "yes"}
"""


def test_the_bell_leads_to_an_order_and_everything_is_on_record(tmp_path: Path) -> None:
    """Who made a report starts the incident; who may not order asks; two approve; a guest comes and goes; the log is that of the file."""
    script = tmp_path / "bell.yaml"
    script.write_text(SCRIPT, encoding="utf-8")
    played = tocsin(tmp_path, "rehearse", FLOOD, "--script", script)
    assert played.code == 0, played.err
    bundle = tmp_path / "bell.zip"
    made = tocsin(tmp_path, "export", "X-1", "-o", bundle, "--reason", "a test")
    assert made.code == 0, made.err
    checked = tocsin(tmp_path, "verify", bundle)
    assert checked.code == 0, checked.out + checked.err
    with zipfile.ZipFile(bundle) as parts:
        entries = [json.loads(line) for line in parts.read("entries.jsonl").splitlines()]
    kinds = [entry["type"] for entry in entries]
    for kind in ("ReportMade", "ReportAnswered", "AlertRequested", "RequestAnswered", "AlertIssued", "PartnerAdmitted"):
        assert kinds.count(kind) == 1, kind
    assert kinds.count("AdmissionEnded") == 1
    assert len({json.dumps(entry.get("playbook_sha256", entry.get("playbook"))) for entry in entries}) == 1
