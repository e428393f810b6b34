"""What is known of models: which upstream has which, how large they are, what they cost."""
