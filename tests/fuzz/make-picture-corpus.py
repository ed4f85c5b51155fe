#!/usr/bin/env python3
"""Makes the corpus of fuzz-picture from the pictures of the tests, small as they can be.

Usage: make-picture-corpus.py FOLDER
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "app"))
import picture_files

LARGEST = 4000


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    picture_files.colourful.__defaults__ = picture_files.transparent.__defaults__ = (12, 9)
    whole = picture_files.good()
    for name, (data, *_rest) in (whole | picture_files.bad()).items():
        if len(data) < LARGEST and not name.startswith(("turned-2", "turned-3", "turned-4", "turned-5", "turned-7", "turned-8")):
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
