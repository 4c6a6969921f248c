"""The command ``ajar``."""

from interfaces.cli.app import main

__all__ = ["main"]
