"""The decision log: every decision with its outcome, in SQLite or PostgreSQL, without prompts."""
