"""Sample scans with their ground truth, and what makes them. Every company, person and number in them is invented."""
