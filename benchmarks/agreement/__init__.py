"""Agreement with people's labels, measured on the recordings: ``python -m benchmarks.agreement`` (``make evaluate``)."""
