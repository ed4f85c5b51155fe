#!/usr/bin/env python3
"""Makes the corpus of fuzz-passages: documents with all that cutting them looks at.

Usage: make-passages-corpus.py FOLDER
"""
import pathlib
import sys

SENTENCE = "The lighthouse keeper wrote down the weather of every hour, e.g. fog. "
INPUTS = {
    "markdown": "# A\n\n" + SENTENCE * 20 + "\n\n## B\n\n| a | b |\n|---|---|\n" + "| one | two |\n" * 90 + "\n- item\n  more\n* other\n",
    "rules": "Title\n=====\n\nPart\n----\n\nText.\n\n====\nOver\n====\n\n***\n",
    "values": "name,born,died\n" + "Ada,1815,1852\n" * 120,
    "code": "```\n" + "x = 1\n" * 300 + "```\nand ~~~\n~~~\nopen",
    "pages": "\f".join(f"A Report\n{n}\n1 Rates\n{SENTENCE * n}goes on\n3. of 4\nPage {n} of 9" for n in range(1, 10)),
    "chinese": "灯台守は毎時の天気を書いた。" * 200,
    "hindi": "यह एक वाक्य है। " * 90,
    "marks": "a\u0301" * 2000,
    "blanks": " \t\n" * 400 + "x" + "\n" * 400,
    "dots": "." * 5000 + " A",
    "long-word": "x" * 5000,
    "long-heading": "# " + "word " * 300 + "\n\ntext",
    "headings": "".join(f"{'#' * (n % 6 + 1)} Heading {n}\n" for n in range(200)),
    "joined": "👩\u200d👩\u200d👧" * 300,
}

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, text in INPUTS.items():
    (folder / name).write_text(text)
