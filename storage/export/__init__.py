"""Copies of the log for people outside: one file for each form."""
