"""Tests of the crawlers, through their front doors, on loopback."""
