"""The ways a message travels: one port, and one file for each network."""
