"""Releases: a named model and all the places where it lives. Sources, probes over them, tables from findings to levels.

The entrance is :func:`classifiers.release.assess_release`.
"""
