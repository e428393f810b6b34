"""gearshift sends each LLM request to the smallest model that can answer it well."""
