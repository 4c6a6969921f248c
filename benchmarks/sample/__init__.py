"""Models of the listing, chosen by a seed, with our answers and their evidence: ``python -m benchmarks.sample``."""
