"""Tests of the store: every rule of the design, section 3, on SQLite and on PostgreSQL."""
