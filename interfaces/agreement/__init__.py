"""Agreement with human labels: reading label files, comparing, and writing down every disagreement."""
