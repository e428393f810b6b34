"""How well scorers rank recorded outcomes: the tables of docs/evaluation.md."""
