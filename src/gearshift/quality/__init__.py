"""Whether the small model's answers are good enough: sampling, judging, watching."""
