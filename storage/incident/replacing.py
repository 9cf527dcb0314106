"""``dataclasses.replace``, quick for the one value that is replaced with nearly every fact.

An incident has forty fields; the standard library reads each of them by its name and sets it anew. Here they are taken over together.
"""

from __future__ import annotations

from dataclasses import replace as _replace
from typing import TYPE_CHECKING, Any

from storage.incident.state import Incident

__all__ = ["replace"]

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(one: Any, /, **changes: Any) -> Any:
        """The same value with these fields changed. Raises TypeError for a field that it does not have."""
        if type(one) is not Incident:
            return _replace(one, **changes)
        fields = {**vars(one), **changes}
        if len(fields) != len(vars(one)):
            raise TypeError(f"an incident has no {', '.join(changes.keys() - vars(one).keys())}")
        new = object.__new__(Incident)
        vars(new).update(fields)
        return new
