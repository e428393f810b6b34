"""Clients in Python that want version 2 of OpenAI's SDK, in an environment with that."""
