"""Customer credit: register, facts, scorecards, warnings, receivables, reports, compliance."""
