"""The demo: its hub, its repositories, its two nights."""
