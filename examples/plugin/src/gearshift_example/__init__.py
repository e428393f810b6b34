"""A scorer, a provider, a dialect and a judge that gearshift finds by their entry points."""
