"""What the processes of a fleet have in common, in a Redis; each goes on alone without it."""
