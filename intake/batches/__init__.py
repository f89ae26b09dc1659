"""Batches: a stack of paper scanned in one go, cut into documents at separator sheets, accounted for page by page.

Pure rules, and the two file formats that hold whole stacks (PDF, TIFF). Who stores what, and when, is the service's business.
"""
