"""The agreement, and what it states."""
