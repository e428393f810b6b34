"""Work on exported logs that are larger than memory: the same code on one machine and on many."""
