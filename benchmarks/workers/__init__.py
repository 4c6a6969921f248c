"""One, two and four workers: a deep crawl of a slow hub, and a reclassification; and what a killed worker costs."""
