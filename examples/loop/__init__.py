"""The loop, from judged answers to another scorer, with models whose true quality is known."""
