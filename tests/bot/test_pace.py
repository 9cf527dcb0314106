"""The limiter: bursts, rooms apart from each other, and what is learnt from being told to wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.networks.port import Limits
from bot.pace import LONGEST_RETRY, Pace
from playbooks.rooms import RoomRef

A, B = RoomRef("telegram", "-1"), RoomRef("telegram", "-2")
LIMITS = Limits(overall=(30, 1.0), room=(1, 1.0), group=(20, 60.0))


def leave(pace: Pace, room: RoomRef, now: float, *, group: bool = False) -> None:
    assert pace.wait(now) == 0 and pace.room_wait(room, now) == 0
    pace.take(room, group=group, now=now)


def test_without_limits_nothing_waits() -> None:
    """Where the network sets no limits, none are made up."""
    pace = Pace(Limits())
    for _ in range(1000):
        leave(pace, A, 0.0)


def test_the_overall_limit_lets_a_burst_of_its_own_size_through() -> None:
    """Thirty messages a second may leave at once; the thirty-first waits for its share of the second."""
    pace = Pace(LIMITS)
    for number in range(30):
        leave(pace, RoomRef("telegram", str(number)), 5.0)
    assert 0 < pace.wait(5.0) <= 1 / 30 + 1e-6
    assert pace.wait(5.0 + 1 / 30) == 0


def test_a_room_waits_alone() -> None:
    """A room's own limit holds up that room and no other."""
    pace = Pace(LIMITS)
    leave(pace, A, 0.0)
    assert pace.room_wait(A, 0.0) == 1.0
    leave(pace, B, 0.0)


def test_a_group_has_its_own_limit() -> None:
    """Twenty messages a minute to a group; a private chat has only the limit of every chat."""
    pace = Pace(LIMITS)
    for number in range(29):
        leave(pace, A, float(number), group=True)
        leave(pace, B, float(number))
    assert pace.room_wait(A, 29.0) > 0
    assert pace.room_wait(B, 29.0) == 0


def test_being_told_to_wait_parks_that_room_only() -> None:
    """A refusal for one room holds for as long as the network says, there and nowhere else."""
    pace = Pace(Limits())
    assert pace.delayed(A, 30.0, everywhere=False, now=0.0) == 30.0
    assert pace.room_wait(A, 29.0) == 1.0
    assert pace.room_wait(B, 0.0) == 0 and pace.wait(0.0) == 0


def test_being_told_to_wait_everywhere_parks_all() -> None:
    """A refusal that concerns the whole network holds for every room."""
    pace = Pace(Limits())
    pace.delayed(A, 5.0, everywhere=True, now=0.0)
    assert pace.wait(1.0) == 4.0
    assert pace.wait(5.0) == 0


def test_trying_again_becomes_rarer_up_to_a_limit() -> None:
    """Without a word from the network about how long, tries grow apart, but never beyond half a minute."""
    pace = Pace(Limits())
    waits, now = [], 0.0
    for _ in range(12):
        waits.append(pace.delayed(A, 0.5, everywhere=False, now=now))
        now += waits[-1]
    assert waits == sorted(waits) and waits[0] == 0.5 and waits[-1] == LONGEST_RETRY


def test_when_the_network_is_back_only_its_own_word_still_holds() -> None:
    """What was our own caution ends with the outage; what the network asked for does not."""
    pace = Pace(Limits())
    for _ in range(8):
        pace.delayed(A, 1.0, everywhere=False, now=0.0)
    assert pace.room_wait(A, 0.0) > 20
    pace.back()
    assert pace.room_wait(A, 0.0) == 1.0


def test_a_room_that_was_too_fast_is_slower_afterwards_and_recovers() -> None:
    """After a refusal there is a gap between messages, which shrinks with each success."""
    pace = Pace(Limits())
    pace.delayed(A, 1.0, everywhere=False, now=0.0)
    pace.take(A, group=False, now=10.0)
    gap = pace.room_wait(A, 10.0)
    assert gap > 0
    for _ in range(20):
        pace.accepted(A)
    assert pace.room_wait(A, 10.0) == 0


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.floats(0, 3)), max_size=200))
def test_no_second_has_more_than_two_bursts(steps: list[tuple[RoomRef, float]]) -> None:
    """However messages are asked for, what leaves in any second is at most the burst and what the second adds."""
    pace = Pace(Limits(overall=(5, 1.0)))
    now, left = 0.0, []
    for room, later in steps:
        now += later / 10
        if pace.wait(now) == 0:
            pace.take(room, group=False, now=now)
            left.append(now)
    for at in left:
        assert sum(1 for other in left if at <= other < at + 1) <= 10


def test_what_keeps_half_of_a_burst_free_leaves_room_for_what_is_urgent() -> None:
    """Whoever edits a card every second as long as that is free never takes the last of a group's twenty messages a minute."""
    pace, left = Pace(LIMITS), 0
    for second in range(100):
        if pace.room_wait(A, float(second), kept=0.5) == 0:
            pace.take(A, group=True, now=float(second))
            left += 1
    assert 10 + 100 // 3 - 2 <= left <= 10 + 100 // 3 + 2
    for second in range(100, 110):
        leave(pace, A, float(second), group=True)


def test_a_limit_of_one_has_nothing_to_keep() -> None:
    """Else nothing that keeps some free would ever leave."""
    pace = Pace(Limits(room=(1, 1.0)))
    pace.take(A, group=False, now=0.0)
    assert pace.room_wait(A, 0.5, kept=0.5) == 0.5 and pace.room_wait(A, 1.0, kept=0.5) == 0


def test_what_a_room_may_be_sent_now_is_counted() -> None:
    """The narrowest limit counts, chatter keeps its share free, and where no limit is stated nothing is held back."""
    pace = Pace(Limits(overall=(30, 1.0), group=(20, 60.0)))
    assert pace.free(A, group=True, now=0.0) == 20 and pace.free(B, group=False, now=0.0) == 30
    assert pace.free(A, group=True, now=0.0, kept=0.5) == 10
    for _ in range(9):
        leave(pace, A, 0.0, group=True)
    assert pace.free(A, group=True, now=0.0, kept=0.5) == 1
    assert Pace(LIMITS).free(A, group=True, now=0.0) == 1
    assert Pace(Limits()).free(A, group=True, now=0.0) is None


def test_a_room_that_was_told_to_wait_may_be_sent_one_until_it_recovers() -> None:
    """A group in slow mode takes one message, whatever the stated limits say; others are not concerned."""
    pace = Pace(Limits(overall=(30, 1.0)))
    pace.delayed(A, 60.0, everywhere=False, now=0.0)
    assert pace.free(A, group=True, now=60.0) == 1 and pace.free(B, group=True, now=60.0) == 30
    pace.accepted(A)
    assert pace.free(A, group=True, now=61.0) == 1
    pace.accepted(A)
    assert pace.free(A, group=True, now=62.0) == 30
    unlimited = Pace(Limits())
    unlimited.delayed(A, 60.0, everywhere=False, now=0.0)
    assert unlimited.free(A, group=True, now=60.0) == 1


@given(st.integers(1, 30), st.sampled_from([0.0, 0.5, 0.75]), st.integers(0, 30))
def test_as_many_leave_as_were_counted(count: int, kept: float, before: int) -> None:
    """Whatever has left before, so many may leave at once, and the next must wait."""
    pace = Pace(Limits(group=(count, 60.0)))
    for _ in range(before):
        pace.take(A, group=True, now=0.0)
    free = pace.free(A, group=True, now=0.0, kept=kept)
    assert free is not None
    for _ in range(free):
        assert pace.room_wait(A, 0.0, kept) == 0
        pace.take(A, group=True, now=0.0)
    assert pace.room_wait(A, 0.0, kept) > 0
