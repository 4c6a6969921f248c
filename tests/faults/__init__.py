"""What happens when the hub, the machine or the database fails: one test a line of ``docs/faults.md``."""
