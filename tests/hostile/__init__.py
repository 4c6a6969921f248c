"""Hostile input through the front door; the inputs themselves are `benchmarks/hostile`."""
