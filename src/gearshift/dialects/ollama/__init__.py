"""Ollama's dialect: read and written."""
