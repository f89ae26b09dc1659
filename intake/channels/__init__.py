"""The ways in: what makes an arriving file complete, a hot folder, a scanner, a mailbox."""
