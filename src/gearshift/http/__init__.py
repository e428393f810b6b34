"""HTTP in: the values that both planes deal in, and the server that carries them."""
