"""`ajar demo`: a small hub of our own on loopback, and two virtual nights against it."""
