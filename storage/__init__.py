"""What is kept: facts and what they add up to, the log, the inbox, the outbox, deadlines, exports."""
