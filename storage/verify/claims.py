"""Whatever a manifest says that the entries say too is held against them: it is signed by whoever keeps the log, who alone could sign another."""

from __future__ import annotations

from collections.abc import Iterator

from storage.facts.fact import is_exercise
from storage.verify.entries import Passed
from storage.verify.signed import Manifest
from storage.verify.verdict import Verdict

CLAIMS = ("by", "reader", "reason", "basis", "form")
"""What a manifest and the fact ``Exported`` both say."""


def judge(verdict: Verdict, manifest: Manifest, passed: Passed) -> None:
    """Hold a manifest against the entries. Both are here, and nothing is wrong with either so far."""
    for words in _wrong(verdict, manifest, passed):
        verdict.add("manifest", words)


def _wrong(verdict: Verdict, manifest: Manifest, passed: Passed) -> Iterator[str]:
    exported, size = passed.exported, passed.log.entries.count
    if exported is None or exported[0] != size - 1:
        yield "its last entry does not say that this copy was made"
    else:
        _, ts, shown = exported
        if any(name not in shown or manifest.get(name) != shown[name] for name in CLAIMS):
            yield "the manifest and the log differ on who exported this, for whom or why"
        if manifest.get("at") != ts:
            yield "the manifest and the log differ on when this was exported"
        counts = size, manifest.get("disclosed"), manifest.get("withheld")
        if (shown.get("size"), shown.get("disclosed"), shown.get("withheld")) != counts:
            yield "the log says that this copy has another size, or shows or withholds something else"
    if (manifest.get("disclosed"), manifest.get("withheld")) != (verdict.disclosed, verdict.withheld_by_kind):
        yield "the manifest claims to show or to withhold something else than it does"
    opened = passed.opened or {}
    if any(manifest.get(name) != opened.get(name) for name in ("title", "playbook")):
        yield "the manifest and the log differ on what the incident is called, or by which playbook it goes"
    if (manifest.get("exercise") == "yes") != is_exercise(verdict.stream or ""):
        yield "the manifest and the log differ on whether it was an exercise"
    if verdict.deployment is not None and manifest.get("deployment") != verdict.deployment:
        yield "the manifest names another deployment than the key"
    if manifest.get("reader") == "auditor" and manifest.get("reader_name") != "auditor":
        yield "the manifest calls an auditor something else"
