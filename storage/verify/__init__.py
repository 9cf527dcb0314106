"""Verify a bundle offline: with this floor's pure rooms, Python's standard library, ``cryptography``, ``rfc3161-client`` (for time stamps alone) and the
reader of playbooks, and nothing that was kept.

What is checked, by the name a finding gives it:

- ``container``: the file is, byte for byte, the one way of packing its contents; a copy that another program packed
  again, or unpacked into a folder, is checked for what it contains
- ``manifest``: its signature, the SHA-256 of every other file, and that it claims what the entries bear out, all that they say too
- ``key``, ``checkpoint``: a proper key and the chain of those before it; a note it signed, for this stream
- ``entry``: canonical JSON of the right shape; ``order``: each in its place, none missing, none twice
- ``leaf``: each entry has the hash that the signed root covers; ``root``: so has the whole
- ``disclosure``: what is shown is what was committed to; each digest once
- ``playbook``: its bytes have the digest that the entries name
- ``text``: the log in words says what the entries say
- ``witness``: a checkpoint that somebody else kept, cosigned, stamped with the time or was sent is a part of this log; an entry speaks of none that there could not be then
- ``older``: a checkpoint that somebody kept reaches further than this copy, which is then older than it, or was rolled
  back. That is tampering (1) until the two are held against each other the other way round: the manifest's time could
  tell them apart, but it is the word of the one who would have rolled the log back
- ``evidence``: whoever verifies asked for more witnesses than there are
- ``time``: a clock that went backwards, which is noted and no more

Grades: ``tampered`` makes exit code 1; ``incomplete`` makes it 2 unless something was tampered with; a ``note``
changes nothing. What is not there, because a file was cut short on its way or left out, is incomplete and accuses
nobody; what is there is held against all that signs it and is there too, so that cutting never makes a bundle intact,
and leaves tampered what still contradicts a signature.

Entries are looked at in sections, on as many cores as there are, and nothing is held in memory whole.
"""

from storage.verify.need import NEED, Need
from storage.verify.opening import verify, verify_bytes
from storage.verify.verdict import (
    EDITABLE,
    REQUIRED,
    Cosigner,
    Evidence,
    Finding,
    Grade,
    Packed,
    Posted,
    Stamp,
    Verdict,
)
from storage.verify.witnesses import OLDER

__all__ = [
    "EDITABLE", "NEED", "OLDER", "REQUIRED", "Cosigner", "Evidence", "Finding", "Grade", "Need", "Packed", "Posted", "Stamp", "Verdict", "verify",
    "verify_bytes",
]  # fmt: skip
