"""What is told about finished requests: events, metrics, log records."""
