"""The command line. It opens quickly: what a command needs is imported when that command runs.

Nothing that a person can cause ends in a traceback; errors are one line each, on standard error, and say what would be right. Exit codes: ``cli_ending``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

from bot.cli_ending import FINE, UNANSWERED, Stop, complain

if TYPE_CHECKING:
    from bot.settings import Settings

app = typer.Typer(
    name="tocsin", add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Alert the partners of a crisis, show each what it may see, and keep a log that everyone can verify.",
)  # fmt: skip


def main() -> NoReturn:
    """The program ``tocsin``."""
    for stream in (sys.stdout, sys.stderr):
        if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
            reconfigure(errors="backslashreplace")
    try:
        app()
    except Stop as stop:
        complain(*stop.lines)
        sys.exit(stop.code)
    except KeyboardInterrupt:
        complain("Stopped.")
        sys.exit(130)
    except Exception as error:
        if type(error).__module__.startswith("storage."):
            # By its name: what needs no storage starts without reading its code.
            full = type(error).__name__ == "StorageFull"
            complain(f"{error}, or set TOCSIN_DATA to a folder on another disk" if full else str(error))
            sys.exit(UNANSWERED)
        if isinstance(error, OSError) and error.filename is not None:
            complain(f"{error.filename}: {error.strerror or error}")
            sys.exit(UNANSWERED)
        raise
    sys.exit(FINE)


def settings() -> Settings:
    """The settings, or the end of the command."""
    from bot.settings import SettingsError, load

    try:
        return load()
    except SettingsError as error:
        raise Stop(UNANSWERED, *error.lines) from None


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"tocsin {version('tocsin')}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    del version


Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def run() -> None:
    """Run the bot; with no network set up, a rehearsal.

    The rehearsal plays the exercise that ships, then takes commands typed as any room.
    """
    from bot.cli_run import run as start

    start(settings())


@app.command()
def rehearse(
    playbook: Annotated[Path, typer.Argument(help="The playbook to rehearse.", metavar="PLAYBOOK")],
    script: Annotated[
        Path | None, typer.Option("--script", help="The exercise; by default PLAYBOOK's own, NAME.script.yaml.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Play an exercise; see what each room saw, and why.

    It runs inside this process, in virtual time. The log it leaves can be exported and verified.
    """
    from bot.cli_rehearse import rehearse as play

    play(settings(), playbook, script, "json" if as_json else "text")


@app.command()
def check(
    playbooks: Annotated[list[Path], typer.Argument(help="Playbooks, or folders of them.", metavar="PLAYBOOK")],
    form: Annotated[Literal["text", "json", "sarif"], typer.Option("--format", help="How to say it.")] = "text",
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 1 on warnings too.")] = False,
) -> None:
    """Say what is wrong with playbooks, each problem with its place.

    Errors make a playbook unfit for use, warnings do not. Every problem has a code in brackets, which
    playbooks/CHECKS.md explains.
    """
    from bot.cli_check import check as examine
    from bot.clock import SystemClock

    raise typer.Exit(examine(playbooks, form, "warning" if strict else "error", SystemClock().now()))


_NARROWING = {
    "phase": typer.Option("--phase", help="In this phase; by default the first.", metavar="PHASE"),
    "network": typer.Option("--network", help="Only rooms on this network.", metavar="NETWORK"),
    "encrypted": typer.Option("--encrypted/--plain", help="Matrix rooms are encrypted, or not; by default both."),
    "area": typer.Option("--area", help="Where; by default on its own ground; `none`: nowhere.", metavar="AREA"),
    "origin": typer.Option("--from", help="Whose words; by default whoever's it is first.", metavar="PARTNER"),
    "at": typer.Option("--at", help="On this day or at this time; by default now.", metavar="TIME"),
    "danger": typer.Option("--danger", help="While danger is declared."),
    "hazard": typer.Option("--hazard", help="With this hazard; by default the first.", metavar="HAZARD"),
}
Phase = Annotated[str | None, _NARROWING["phase"]]
OneNetwork = Annotated[str | None, _NARROWING["network"]]
Encrypted = Annotated[bool | None, _NARROWING["encrypted"]]
InArea = Annotated[str | None, _NARROWING["area"]]
From = Annotated[str | None, _NARROWING["origin"]]
At = Annotated[str | None, _NARROWING["at"]]
InDanger = Annotated[bool, _NARROWING["danger"]]
ForHazard = Annotated[str | None, _NARROWING["hazard"]]
OnePlaybook = Annotated[Path, typer.Argument(help="The playbook.", metavar="PLAYBOOK")]
About = Annotated[str, typer.Argument(help="An alert's name, or a channel's.", metavar="ALERT")]


@app.command("who-sees")
def who_sees(
    playbook: OnePlaybook,
    alert: About,
    phase: Phase = None,
    network: OneNetwork = None,
    encrypted: Encrypted = None,
    area: InArea = None,
    origin: From = None,
    at: At = None,
    danger: InDanger = False,
    hazard: ForHazard = None,
    as_json: Json = False,
) -> None:
    """Say which partner sees which field of an alert.

    Each cell: full, a coarser form, or withheld, with the line of the playbook that decides it.
    """
    from bot.asking import Narrowed
    from bot.cli_who_sees import show

    narrowed = Narrowed(phase, network, encrypted, area, origin, at, danger, hazard)
    show(playbook, alert, narrowed, "json" if as_json else "text")


@app.command()
def explain(
    playbook: OnePlaybook,
    alert: About,
    field: Annotated[str, typer.Argument(help="One of its fields.", metavar="FIELD")],
    partner: Annotated[str, typer.Argument(help="A partner's id, or its name.", metavar="PARTNER")],
    phase: Phase = None,
    network: OneNetwork = None,
    encrypted: Encrypted = None,
    area: InArea = None,
    origin: From = None,
    at: At = None,
    danger: InDanger = False,
    hazard: ForHazard = None,
    as_json: Json = False,
) -> None:
    """Say why a partner sees a field, or not.

    With the rule, the agreement and its dates; for what is withheld, the nearest change that would open it.
    """
    from bot.asking import Narrowed
    from bot.cli_explain import show as say

    narrowed = Narrowed(phase, network, encrypted, area, origin, at, danger, hazard)
    say(playbook, alert, field, partner, narrowed, "json" if as_json else "text")


@app.command("test")
def assertions(
    playbooks: Annotated[list[Path], typer.Argument(help="Playbooks, or folders of them.", metavar="PLAYBOOK")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 1 also where a rule or a slip is left untested.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Try the playbooks' own tests, and what they leave untested.

    Each assertion under `tests:`, as it would really be sent now; then the sharing rules that no assertion exercises, and
    the slips of the pen (a ceiling, clearance or label laxer; a rule, its condition or its agreement lost; an alert from
    or for everyone) that none would notice.
    """
    from bot.cli_test import trial

    raise typer.Exit(trial(playbooks, "json" if as_json else "text", "strict" if strict else "plain"))


@app.command("diff")
def difference(
    old: Annotated[Path, typer.Argument(help="The playbook as it is.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="The playbook as it would be.", metavar="NEW")],
    as_json: Json = False,
) -> None:
    """Say what a change of a playbook opens, and what it closes.

    Who sees, receives or may do more, in whichever circumstances, from now on; who leads otherwise; and what else is
    otherwise in the file. Exit code 0: nothing opens. 1: something does. 2: it cannot be said.
    """
    from bot.cli_diff import compare
    from bot.clock import SystemClock

    raise typer.Exit(compare(old, new, "json" if as_json else "text", SystemClock().now()))


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="Its name, or the file to write.", metavar="NAME")],
) -> None:
    """Write a small playbook to start from, with remarks.

    Beside it an exercise, and the schema by which editors explain the language. Nothing is overwritten.
    """
    from bot.cli_new import new as write

    write(path)


@app.command()
def schema() -> None:
    """Print the playbook language's JSON Schema."""
    import json

    from playbooks.schema_json import json_schema

    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))


@app.command()
def incidents(as_json: Json = False) -> None:
    """List the incidents on file."""
    from bot.cli_log import incidents as listing

    listing(settings(), "json" if as_json else "text")


@app.command()
def log(
    incident: Annotated[str, typer.Argument(help="Its short id, like I-3; or `deployment`.", metavar="INCIDENT")],
    why: Annotated[
        str, typer.Option("--reason", help="Why you read it (required); it is recorded.", metavar="TEXT")
    ] = "",
    as_json: Json = False,
) -> None:
    """Read an incident's log; the reading is recorded, with your reason."""
    from bot.cli_log import log as reading

    reading(settings(), incident, why, "json" if as_json else "text")


@app.command()
def ask(
    incident: Annotated[str, typer.Argument(help="Its short id, like I-3.", metavar="INCIDENT")],
    question: Annotated[str, typer.Argument(help="Which; a wrong one lists them.", metavar="QUESTION")] = "",
    what: Annotated[
        list[str] | None, typer.Argument(help="What it is about: an alert and a field, a partner.", metavar="[WHAT]...")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="Of `saw`: before this time, in the incident's zone.", metavar="TIME")
    ] = None,
    why: Annotated[str, typer.Option("--reason", help="Why you ask (required); it is recorded.", metavar="TEXT")] = "",
    as_json: Json = False,
) -> None:
    """Ask the log who knew what, when, by which right.

    who-saw A-17 [FIELD], saw PARTNER, silent [A-17], unknown, withheld, leads, readings. Each answer names the entries that
    prove it. That you asked, and why, is recorded first.
    """
    from bot.cli_ask import Query
    from bot.cli_ask import ask as asking

    asking(settings(), incident, Query(question, tuple(what or ()), until), why, "json" if as_json else "text")


@app.command()
def export(
    incident: Annotated[str, typer.Argument(help="Its short id, like I-3; or `deployment`.", metavar="INCIDENT")],
    path: Annotated[Path, typer.Option("-o", "--output", help="The file to write.", metavar="PATH")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why (required); it is recorded, and stands in it.", metavar="TEXT")
    ] = "",
    basis: Annotated[str, typer.Option("--basis", help="By which right, if one is named.", metavar="TEXT")] = "",
    whom: Annotated[str, typer.Option("--for", help="`auditor`, or a partner of it.", metavar="WHOM")] = "auditor",
    form: Annotated[
        str, typer.Option("--format", help="bundle, jsonl, csv, html, pdf, ics214, cap.", metavar="FORM")
    ] = "bundle",
    lang: Annotated[
        str,
        typer.Option(
            "--lang",
            help="Of bundle, html, pdf and csv: en, fr, nl, de, it or es; by default what they read.",
            metavar="LANG",
        ),
    ] = "",
) -> None:
    """Write a copy of a log for an auditor, or for a partner.

    An auditor sees all of it, a partner what it was told and did. Fields are left out, never entries, so that a bundle verifies all the same. Each form says for whom it is, why, and what is withheld.
    """
    from bot.cli_export import export as writing

    writing(settings(), incident, path, reason, basis, whom, form, lang)


@app.command()
def verify(
    path: Annotated[
        Path, typer.Argument(help="What `tocsin export` wrote, or a folder it was unpacked into.", metavar="PATH")
    ],
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            "--checkpoint",
            help="What you kept yourself: an older export of the same log, a signed checkpoint, or checkpoints.log.",
            metavar="FILE",
        ),
    ] = None,
    need: Annotated[
        str | None,
        typer.Option(
            "--need",
            help="The evidence that there must be at least: self-asserted, posted, posted-uneditable, cosigned, cosigned:N or stamped.",
            metavar="EVIDENCE",
        ),
    ] = None,
    tsa_root: Annotated[
        Path | None,
        typer.Option(
            "--tsa-root",
            help="Certificates (PEM) of time-stamping authorities that you trust: without it stamps are not checked.",
            metavar="FILE",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say whether a copy of a log is intact.

    Exit code 0: intact. 1: tampered with. 2: incomplete, or it cannot be said, or fewer witnesses than `--need` asks for.
    """
    from bot.cli_verify import verify as examine

    raise typer.Exit(examine(path, checkpoint, "json" if as_json else "text", need, tsa_root))


Reason = Annotated[
    str, typer.Option("--reason", help="Why (required to change anything); it is recorded.", metavar="TEXT")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go, and erase nothing.")]


@app.command()
def erase(
    what: Annotated[
        str, typer.Argument(help="A person (P-3, or an account like telegram:501), or an incident.", metavar="WHAT")
    ],
    reason: Reason = "",
    basis: Annotated[
        str, typer.Option("--basis", help="By which right (required); it is recorded.", metavar="TEXT")
    ] = "",
    entry: Annotated[
        int | None, typer.Option("--entry", min=0, max=2**63 - 1, help="Of an incident: which entry.", metavar="N")
    ] = None,
    path: Annotated[str | None, typer.Option("--field", help="And which field of it.", metavar="FIELD")] = None,
    dry: DryRun = False,
) -> None:
    """Forget a person, or one field of an entry; the log still verifies.

    Not where a legal hold lies, not of an open incident, nobody who still has a role.
    """
    from bot.cli_erase import erase as erasing

    erasing(settings(), what, entry, path, reason, basis, dry)


@app.command()
def hold(
    on: Annotated[str | None, typer.Argument(help="An incident, or a person.", metavar="WHAT")] = None,
    reason: Reason = "",
    lift: Annotated[bool, typer.Option("--lift", help="The hold is over.")] = False,
) -> None:
    """Place a legal hold, so that nothing of it can be erased; or lift it. Alone: list them."""
    from bot.cli_erase import hold as holding

    holding(settings(), on, reason, lift)


@app.command()
def retention(reason: Reason = "", dry: DryRun = False, as_json: Json = False) -> None:
    """Erase what logs hold whose time is over (`log.keep` of their playbook).

    The entries stand and verify; what they held is gone. Where a legal hold lies, nothing goes.
    """
    from bot.cli_erase import retention as retaining

    retaining(settings(), reason, dry, as_json)


Incident = Annotated[str, typer.Argument(help="Its short id, like I-3; or `deployment`.", metavar="INCIDENT")]
Written = Annotated[Path, typer.Option("-o", "--output", help="The file to write.", metavar="FILE")]


@app.command()
def checkpoint(
    incident: Incident,
    since: Annotated[
        int | None,
        typer.Option("--since", min=0, help="Up to where the witness has signed it; alone: as the log knows."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file for the witness to sign.", metavar="FILE")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="What a witness kept: is the log still the one it saw?", metavar="FILE"),
    ] = None,
) -> None:
    """Write the log's state for a witness to sign, or hold what it kept against the log.

    With --against: exit code 0 where the log stands; 1 where it was rolled back or replaced; 2 where that cannot be said.
    """
    from bot.cli_witness import checkpoint as state

    raise typer.Exit(state(settings(), incident, since, out, against))


@app.command()
def stamp(
    incident: Incident,
    out: Annotated[
        Path | None, typer.Option("-o", "--output", help="The question for the authority (.tsq).", metavar="FILE")
    ] = None,
    answer: Annotated[
        Path | None, typer.Option("--answer", help="What the authority answered (.tsr).", metavar="FILE")
    ] = None,
) -> None:
    """Have the log stamped with the time by hand, by way of files.

    With -o: what an authority is asked; with --answer: what it said to that, checked against TOCSIN_TIMESTAMPS_CA. For a machine that reaches no authority; otherwise TOCSIN_TIMESTAMPS does it with each post.
    """
    from bot.cli_stamp import stamp as stamping

    stamping(settings(), incident, out, answer)


@app.command("rotate-key")
def rotate_key(reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.", metavar="TEXT")]) -> None:
    """Sign the log with a new key from now on. The old one signs the new one, so that the chain does not break.

    Only while the bot is stopped.
    """
    from bot.cli_witness import rotate

    rotate(settings(), reason)


witness = typer.Typer(
    name="witness", no_args_is_help=True, rich_markup_mode=None,
    help="Sign a log as a partner, so that nobody can change it later.",
)  # fmt: skip
app.add_typer(witness)
KeyFile = Annotated[Path, typer.Option("--key", help="Your private key.", metavar="KEYFILE")]


@witness.command("new")
def witness_new(
    name: Annotated[str, typer.Argument(help="Under which name it signs, like liege-fire.", metavar="NAME")],
    out: Written,
) -> None:
    """Make a key to sign logs with: for a partner, on a machine of its own."""
    from bot.cli_witness import new as make

    make(name, out)


@witness.command("sign")
def witness_sign(
    file: Annotated[Path, typer.Argument(help="What the operator sent.", metavar="FILE")],
    key: KeyFile,
    memory: Annotated[Path, typer.Option("--memory", help="What you signed before; made if need be.", metavar="FILE")],
    out: Written,
    vkey: Annotated[
        str | None, typer.Option("--vkey", help="The first time: the log's key, as you were told it.", metavar="KEY")
    ] = None,
    link: Annotated[
        list[Path] | None,
        typer.Option(
            "--link",
            help="The log's key was replaced: the link. Once for each, or keys.jsonl out of a copy of a log, which has all.",
            metavar="FILE",
        ),
    ] = None,
) -> None:
    """Sign a log's state, if it continues what you signed before: for a partner, offline.

    Exit code 1: it does not; the log was rolled back or replaced.
    """
    from bot.cli_witness import sign as cosign

    raise typer.Exit(cosign(file, key, memory, out, vkey, link or ()))


@witness.command("add")
def witness_add(
    incident: Incident,
    file: Annotated[Path, typer.Argument(help="What the partner sent back.", metavar="FILE")],
    partner: Annotated[
        str | None, typer.Option("--partner", help="Whose it is, where the playbook names no key.", metavar="PARTNER")
    ] = None,
    vkey: Annotated[str | None, typer.Option("--vkey", help="And the key it told you.", metavar="KEY")] = None,
) -> None:
    """Keep what a partner signed with the log."""
    from bot.cli_witness import add as keep

    keep(settings(), incident, file, partner, vkey)


@app.command()
def doctor(
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="What a partner kept: is the log still the one it saw?", metavar="FILE"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try every setting, hold the log against what was signed, and say what to do."""
    from bot.cli_doctor import doctor as examine

    raise typer.Exit(examine("json" if as_json else "text", checkpoint))


if __name__ == "__main__":
    main()
