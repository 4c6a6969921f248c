"""What is remembered: observations as they came, and the intervals, causes and events that are derived from them."""
