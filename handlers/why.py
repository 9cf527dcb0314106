"""Why something is withheld, in words: what would have to change first, with the playbook's line."""

from __future__ import annotations

from handlers.texts import say
from playbooks.cleared import Cleared, Reader, figure, quote, word
from playbooks.labels import Tlp
from playbooks.load import Book
from playbooks.sight import Withheld


def why(book: Book, reader: Reader, withheld: Withheld) -> Cleared:
    """A few words: ``no agreement be→nl, line 88``. The playbook's rules are its partners' to read."""
    said = reader.languages
    line = figure(withheld.line)
    match withheld.why:
        case "clearance":
            return say(said, "not cleared for {level}", level=_level(withheld.detail))
        case "compartment":
            return say(said, "not in the {compartment} circle", compartment=quote(book, reader, withheld.detail))
        case "ceiling":
            return say(said, "its network may not carry {level}", level=_level(withheld.detail))
        case "no-permit":
            if withheld.line:
                return say(said, "shared only in other circumstances, line {line}", line=line)
            return say(said, "no rule shares it")
        case "agreement":
            return say(
                said, "no agreement {border}, line {line}", border=quote(book, reader, withheld.detail), line=line
            )
        case "forbidden":
            return say(said, "forbidden by line {line}", line=line)
        case "rule-failed":
            return say(said, "the rule on line {line} could not be evaluated", line=line)
        case "no-form":
            return say(said, "the place lies in no area of the playbook")
        case "expired":
            return say(said, "its time is over")
        case "inactive":
            return say(said, "takes no part")
        case "undeclared":
            return say(said, "not in the playbook")


def _level(colour: str) -> Cleared:
    return word(str(Tlp.parse(colour)))
