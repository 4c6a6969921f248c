"""Sweep speed: a night over a large listing, beside the same client only paging it. Run it with `make bench`."""
