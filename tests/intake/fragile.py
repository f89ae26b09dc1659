"""An engine for a child process to fall over: what it does to a page, the page's shade says."""

import ctypes
import os
import signal
import time
from pathlib import Path

import numpy as np

from intake.errors import EngineUnavailable
from intake.model import Line, Word

KILLS, KILLS_ONCE, HANGS, HANGS_HARD, EATS, RAISES, RAISES_ONCE, SLOW, SPINS = 10, 15, 20, 25, 30, 40, 45, 50, 55
ONCE = "FRAGILE_ONCE"  # names a file that is there when the page that kills or raises once has done it


class Fragile:
    name = "fragile"

    def __init__(self, threads):
        self.threads = threads

    def rotation(self, image):
        return 0

    def read_line(self, image):
        return None

    def read(self, image):
        shade = int(image[0, 0, 0])
        if shade == KILLS:
            os.kill(os.getpid(), signal.SIGKILL)
        elif shade == KILLS_ONCE and not Path(os.environ[ONCE]).exists():
            Path(os.environ[ONCE]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        elif shade == RAISES_ONCE and not Path(os.environ[ONCE]).exists():
            Path(os.environ[ONCE]).touch()
            raise IndexError("index 0 is out of bounds for axis 0 with size 0")
        elif shade == HANGS:
            time.sleep(1000)
        elif shade == HANGS_HARD:
            ctypes.PyDLL(None).sleep(1000)  # with the interpreter's lock held
        elif shade == SLOW:
            time.sleep(4)
        elif shade == SPINS:
            while True:
                pass
        elif shade == EATS:
            np.ones(1 << 32, dtype=np.uint8)
        elif shade == RAISES:
            raise ValueError("no such page")
        return said(shade)


def said(shade):
    text = f"shade {shade}"
    return [Line(text, (1, 1, 60, 20), 0.9, (Word(0, "shade", (1, 1, 40, 20), 0.9),))]


class Reads(Fragile):
    """The same, on a better day."""

    def read(self, image):
        return said(int(image[0, 0, 0]))


class Litters(Fragile):
    """Keeps the beginning of each piece of memory it takes and gives back the rest, as a runtime keeps what it prepared among the rest."""

    def __init__(self, threads):
        super().__init__(threads)
        self._kept = []

    def read(self, image):
        each = (100 + len(self._kept) // 32) << 10  # a little larger page by page: what was given back is never enough
        pieces = [np.ones(each, dtype=np.uint8) for _ in range(32)]
        for piece in pieces:
            piece.resize(1 << 10, refcheck=False)
        self._kept += pieces
        return said(len(pieces))


class Reserves(Fragile):
    """Maps 100 MiB a page, which it never fills, and keeps them, as a runtime does; takes and gives back as much as the page's shade says."""

    def __init__(self, threads):
        super().__init__(threads)
        self._kept = []

    def read(self, image):
        self._kept.append(np.empty(100 << 20, dtype=np.uint8))
        np.ones(int(image[0, 0, 0]) << 20, dtype=np.uint8)
        return said(int(image[0, 0, 0]))


class Blind(Fragile):
    """Sees nothing."""

    def read(self, image):
        return []


class Missing:
    name = "missing"

    def __init__(self, threads):
        raise EngineUnavailable("it is not installed")


def book(path, shades):
    """Write a TIFF with a page of each of these shades."""
    from PIL import Image

    pages = [Image.new("L", (80, 60), shade) for shade in shades]
    pages[0].save(path, "TIFF", save_all=True, append_images=pages[1:])
    return path
