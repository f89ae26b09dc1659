"""The sealed store: envelope encryption, the key ring, and the object stores behind one port."""
