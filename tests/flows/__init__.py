"""Tests of the machinery that decides when."""
