"""Agreement with people's labels on the recordings: ``python -m benchmarks.agreement`` (``make evaluate``)."""
