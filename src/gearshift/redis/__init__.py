"""What everything that uses a Redis has in common: its address, a connection, its outages."""
