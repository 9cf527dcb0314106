"""What silence leads to, step by step, for each partner whose answer is awaited."""

from __future__ import annotations

from storage.effects import Effect, Unwake


def stopped(about: str, partner: str) -> list[Effect]:
    """Nobody waits for this partner's answer any more: its deadlines are taken back."""
    return [Unwake(f"escalation:{about}:{partner}"), Unwake(f"unreachable:{about}:{partner}")]
