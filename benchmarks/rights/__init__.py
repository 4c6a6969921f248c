"""How well unseen licences are read: cells of the labelled ones (``cells``), near misses, fuzzing."""
