"""Tests mirror the floors; contracts/, stories/ and faults/ test what only the whole shows."""
