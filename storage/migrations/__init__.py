"""Alembic migrations; run by :func:`storage.engine.open_engine` where the schema is older."""
