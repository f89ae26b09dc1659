"""Is a picture all there? Decoders paint what they get, leave the rest white or gray, and say nothing of it; here they are asked.

What no decoder can know is not found: an uncompressed pixel that is another one, or a bit of a JPEG after which all goes on as it may.
"""
