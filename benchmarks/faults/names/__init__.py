"""Names that fail to resolve, in this process and in those that it starts."""
