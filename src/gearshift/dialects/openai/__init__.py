"""OpenAI's dialect: read and written."""
