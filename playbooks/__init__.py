"""The agreement: the YAML language, and the rules it states. Pure: no clock, no database, no network."""
