"""The Hugging Face Hub: its listing (sweep) and its repositories (deep crawl)."""
