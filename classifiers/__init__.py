"""Snapshots become findings, findings become assessments. Pure functions: no network, no clock, no database."""
