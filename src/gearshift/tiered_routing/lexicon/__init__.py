"""The dictionary behind the rule scorer: data only, one file for each field or language."""
