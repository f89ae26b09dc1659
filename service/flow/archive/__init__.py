"""The archive: ledger, case files, transfer, numbers, checks, lending, holds, appraisal, destruction, packages."""
