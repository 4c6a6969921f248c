"""What each fault costs: requests, time, coverage and history beside those of a faultless run."""
