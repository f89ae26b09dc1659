"""What can go wrong in the vault. Nothing here knows HTTP or exit codes; `service/errors.py` maps them."""


class VaultError(Exception):
    """Base of every vault error."""


class StoreUnavailable(VaultError):
    """The object store cannot be reached or answered with a failure of its own; try again later."""


class SuiteNotOffered(StoreUnavailable):
    """The object is sealed with ciphers that this machine's crypto library does not have. It is no damage: another machine reads it."""


class KeysUnavailable(StoreUnavailable):
    """What holds the master key (a token, a key server) does not answer, or cannot use it now. It is no damage; try again later."""


class ObjectExists(VaultError):
    """The name is taken: an object is written once and never overwritten."""


class ObjectMissing(VaultError):
    """No object of that name is in the store."""


class ObjectDamaged(VaultError):
    """The sealed bytes are not what was written: cut, changed, re-ordered, or another object's."""


class LocksNotOffered(VaultError):
    """The store cannot keep an object from being deleted; the message says why."""


class KeyUnusable(VaultError):
    """The master key is missing, has wrong permissions, or did not wrap this key."""
