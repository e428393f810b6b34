"""`make clients`: the clients that people use, unmodified, against a real gateway."""
