"""Hostile input: what becomes of it, and what it costs beside a harmless crawl."""
