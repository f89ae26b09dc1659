"""Intake: inspects what arrives, reads its pages and understands them. Knows no database, no network, no Flask."""
