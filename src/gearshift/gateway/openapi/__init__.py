"""The OpenAPI document of the data plane."""
