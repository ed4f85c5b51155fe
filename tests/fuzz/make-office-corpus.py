#!/usr/bin/env python3
"""Makes the corpus of fuzz-office from documents that others wrote, and from those written by hand.

Usage: make-office-corpus.py FOLDER
"""
import pathlib
import sys
import tempfile
import zipfile

TESTS = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(TESTS / "app"))
import office_files

# What is not looked at, or too large to be changed at random
LEFT_OUT = ("docProps/", "Thumbnails/", "meta.xml", "settings.xml", "fontTable", "webSettings", "manifest.rdf")
LARGEST = 3000
LARGEST_PART = 9000


def parts(path):
    """An archive as its parts, as fuzz-office takes them"""
    with zipfile.ZipFile(path) as archive:
        return b"".join(b"@" + part.filename.encode() + b"\n" + archive.read(part).replace(b"\n@", b"\n ") + b"\n" for part in archive.infolist()
                        if part.file_size < LARGEST_PART and not any(word in part.filename for word in LEFT_OUT))


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)
        for make in (office_files.words, office_files.slides, office_files.sheets, office_files.web, office_files.books, office_files.damaged):
            make(made)
        for path in sorted(made.iterdir()) + sorted((TESTS / "app/documents").iterdir()):
            if path.suffix in (".txt", ".md", ".doc") or path.name in ("many.docx", "deep.rtf", "unclosed.html"):
                continue
            data = path.read_bytes()
            if len(data) < LARGEST:
                (folder / path.name).write_bytes(data)
            if zipfile.is_zipfile(path) and path.parent != made or path.stem in ("words", "slides", "repeated", "book"):
                (folder / (path.name + ".parts")).write_bytes(parts(path))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
