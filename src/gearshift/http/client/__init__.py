"""The HTTP/1.1 client that upstreams are asked with."""
