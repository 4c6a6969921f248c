"""The world becomes :class:`~crawlers.snapshot.Snapshot` objects: bytes as they came, with where and when.

No judgement, no database.
"""
