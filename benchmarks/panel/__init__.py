"""What a change of rules does to thirty fixed targets: ``python -m benchmarks.panel`` (``make panel``)."""
