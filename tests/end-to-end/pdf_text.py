"""What stands on the pages of a PDF that cairo wrote, as far as it is Latin.

Letters are written as strings, ligatures as glyphs with the text they stand for (ISO 32000-1, sections 9.4.3 and 14.9.4).
"""
import re
import zlib

STREAM = re.compile(rb"/Filter /FlateDecode\s*>>\s*stream\r?\n")
# The text of a ligature, a string, or the beginning of a line
PIECE = re.compile(rb"/ActualText <feff([0-9a-f]*)>|\(((?:\\.|[^\\()])*)\)|( Tm| Td)\n")
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.S)


def plain(string):
    return ESCAPE.sub(lambda found: bytes([int(found[1], 8)]) if len(found[1]) == 3 else found[1], string).decode("cp1252")


def text(content):
    pieces = []
    for actual, string, line in PIECE.findall(content):
        if actual:
            pieces.append(bytes.fromhex(actual.decode()).decode("utf-16-be"))
        elif line:
            pieces.append(" ")
        else:
            pieces.append(plain(string))
    return re.sub(" +", " ", "".join(pieces)).strip()


def contents(path):
    data = path.read_bytes()
    for found in STREAM.finditer(data):
        content = zlib.decompressobj().decompress(data[found.end():])
        if b"\nBT\n" in content:
            yield content


def pages(path):
    """The text of each page; lines are joined with spaces."""
    return [text(content) for content in contents(path)]


def fonts(path):
    """What is written with one font after another, page by page: [("f-0-0", text), …]"""
    return [(name.decode(), text(piece)) for content in contents(path)
            for name, piece in re.findall(rb"/(f-\d+-\d+) [\d.]+ Tf(.*?)(?=/f-\d+-\d+ [\d.]+ Tf|$)", content, re.S)]
