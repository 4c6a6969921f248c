"""How answers look: JSON shapes for programs, tables for people. No command line, no database in here."""
