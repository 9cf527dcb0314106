"""What runs: networks, engine, courier, timekeeper, web, command line."""
