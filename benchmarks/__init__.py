"""Benchmarks: each states a ratio of two things that were measured in the same run."""
