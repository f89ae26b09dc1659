"""Backup and restore: one sealed, verifiable archive of database, keys and objects, taken while the service runs.

form: the database in a portable form. container: the file, a zip of sealed parts, and the keys part that opens them (tars, fresh,
passphrase: what it is made of). chosen: which objects a snapshot names. take: make a backup. check: open a chain of backups and
verify all of it without writing anything. restore: put it into an empty system; replay: destroy again what was destroyed since;
prove: look at the result.
"""
