"""How well a scorer ranks prompts, measured on outcomes of a small and a large model."""
