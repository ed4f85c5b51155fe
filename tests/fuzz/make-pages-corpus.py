#!/usr/bin/env python3
"""Makes the corpus of fuzz-pages: what a helper that reads documents sends, well and ill.

Usage: make-pages-corpus.py FOLDER
"""
import pathlib
import struct
import sys


def record(kind, content=b""):
    return kind + struct.pack("<I", len(content)) + content


def stream(*pages):
    return record(b"n", struct.pack("<I", len(pages))) + b"".join(record(b"p", page.encode()) for page in pages) + record(b"z")


INPUTS = {
    "one": stream("A page."),
    "three": stream("One  \n\n", "", "Three: 灯台守"),
    "hyphens": stream("A document, a docu-\nment, well-\nknown.", "stra-\nße straße soft\u00ad\nly"),
    "steering": stream("a\033[0mb\007\f\n\n\n"),
    "whole": record(b"w", "All of it, docu-\nment and document".encode()) + record(b"z"),
    "whole-and-more": record(b"w", b"a") + record(b"n", struct.pack("<I", 2)) + record(b"z"),
    "foreign": record(b"x", b"\5"),
    "locked": record(b"x", b"\2"),
    "locked-late": record(b"n", struct.pack("<I", 2)) + record(b"p", b"a") + record(b"x", b"\1"),
    "broken-off": stream("A page.")[:-3],
    "long": record(b"n", struct.pack("<I", 1)) + b"p\xff\xff\xff\xff",
    "not-text": record(b"n", struct.pack("<I", 1)) + record(b"p", b"\xff\xfe\0") + record(b"z"),
    "behind": stream("A page.") + b"more",
}


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in INPUTS.items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
