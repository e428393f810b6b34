"""gearshift beside nginx and LiteLLM: the same upstream, the same load, one run."""
