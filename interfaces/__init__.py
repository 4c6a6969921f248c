"""How people reach Ajar: the command line, the demo and, later, the web."""
