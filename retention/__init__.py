"""The archive rules: numbers, completeness, transfer, retention, holds, appraisal, destruction, lending. Pure."""
