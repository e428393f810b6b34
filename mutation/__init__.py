"""Mutation testing: whether the tests notice when the code that promises something is changed."""
