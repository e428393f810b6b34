"""How the gateway runs: start, workers, reload, shutdown."""
