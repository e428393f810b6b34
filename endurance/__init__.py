"""Runs of minutes that show what the gateway endures: `make chaos`, `make soak`."""
