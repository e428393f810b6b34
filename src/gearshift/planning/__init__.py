"""A request in, its decision and the deployments that may answer it out."""
