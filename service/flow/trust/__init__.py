"""Trust: the audit trail, evidence, checkpoints, integrity, keys, replicas."""
