"""One file for each kind of request that the data plane answers."""
