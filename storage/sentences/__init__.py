"""What an entry of the log says, in a sentence and a few lines below it: for a terminal, a report for the file, an activity log.

A fact of which some fields are not shown (``storage.unseen``) is told like any other: what is missing says "(withheld)". Nothing here knows a playbook; who has it at hand says more
(``Sentences.why_withheld``, ``why_left_out``). Every kind of fact has its sentence, in the language of a ``Tongue``.
"""

from storage.sentences.phrases import REMEMBERED
from storage.sentences.sentence import Sentences

__all__ = ["REMEMBERED", "Sentences"]
