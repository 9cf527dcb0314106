"""The questions of an inquiry, answered from the facts of one stream alone: who knew what, when, by which right; who decided; who was told; who never
answered. Pure: each answer is a frozen value that names the entries which prove it.

A question that is asked of part of the facts is answered from that part: who may see less asks the same of less.
"""

from storage.inquiry.answered import AlertAnswers, Asked, Given, Rung, silent
from storage.inquiry.course import Reading, Tenure, leads, readings
from storage.inquiry.doubts import Attempt, Doubt, doubts
from storage.inquiry.erased import Erased
from storage.inquiry.fates import Fate, Fates
from storage.inquiry.seen import Author, Saw, Seen, WhoSaw, saw, who_saw
from storage.inquiry.sights import Sight, sights
from storage.inquiry.withheld import Release, Withheld, Withholding, withheld

__all__ = [
    "AlertAnswers", "Asked", "Attempt", "Author", "Doubt", "Erased", "Fate", "Fates", "Given", "Reading", "Release", "Rung", "Saw", "Seen", "Sight", "Tenure",
    "WhoSaw", "Withheld", "Withholding", "doubts", "leads", "readings", "saw", "sights", "silent", "who_saw", "withheld",
]  # fmt: skip
