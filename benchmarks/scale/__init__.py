"""Three million models: a listing as large and as varied as the Hub's, and what a night over it costs.

`make bench-scale` runs it; :mod:`benchmarks.scale.__main__` says what can be asked for, `results.md` what came of it.
"""
