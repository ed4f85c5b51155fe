#!/usr/bin/env python3
"""Makes the corpus of fuzz-chat: the samples of GPT4All's chats, each cut off at some places, and its beginning in every version.

Usage: make-chat-corpus.py FOLDER
"""
import pathlib
import struct
import sys

SAMPLES = pathlib.Path(__file__).parents[1] / "app" / "imports"


def text(words):
    encoded = words.encode("utf-16-be")
    return struct.pack(">I", len(encoded)) + encoded


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES.glob("*.chat"):
        whole = sample.read_bytes()
        for part in (1, 2, 3):
            (folder / f"{sample.stem}-{part}").write_bytes(whole[:len(whole) * part // 3])
    for version in range(14):
        head = struct.pack(">Iiq", 0xf5d553cc, version, 1740394319) + text("id") + text("name") + text("") + text("model")
        (folder / f"head-{version}").write_bytes(head + bytes(64))


main()
