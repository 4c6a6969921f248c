"""How long questions to a large history take, beside the same questions in SQL written by hand."""
