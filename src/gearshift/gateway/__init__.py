"""The data plane: HTTP in, answers out."""
