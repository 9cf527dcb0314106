"""Files as strangers send them: what they are, what they may be called, and where they say they were taken."""
