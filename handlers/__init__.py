"""The decisions: one file for each thing a person asks or an event calls for. Pure."""
