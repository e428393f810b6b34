"""Names that are written once and read everywhere."""
