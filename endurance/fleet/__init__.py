"""`make fleet`: replicas and what they share on hosts of their own, and what harms these."""
