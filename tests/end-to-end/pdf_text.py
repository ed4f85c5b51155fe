"""What stands on the pages of a PDF that cairo wrote, as far as it is Latin; and small ones to be read.

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


# Fonts that a document only names: one of those that every reader knows, and one with an encoding of East Asia
NAMED = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"
EASTERN = (b"<</Type/Font/Subtype/Type0/BaseFont/HeiseiMin-W3/Encoding/90ms-RKSJ-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType0"
           b"/BaseFont/HeiseiMin-W3/CIDSystemInfo<</Registry(Adobe)/Ordering(Japan1)/Supplement 2>>>>]>>")


def write(path, *lines):
    """A document with a line a page; what is not Latin is Japanese."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>",
               b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(b"%d 0 R" % (3 + 2 * n) for n in range(len(lines))), len(lines))]
    for number, line in enumerate(lines):
        latin = line.isascii()
        content = b"BT /F 9 Tf 40 300 Td <%s> Tj ET" % line.encode("cp1252" if latin else "cp932").hex().encode()
        objects += [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents %d 0 R/Resources<</Font<</F %s>>>>>>"
                    % (4 + 2 * number, NAMED if latin else EASTERN),
                    b"<</Length %d>>stream\n%s\nendstream" % (len(content), content)]
    path.write_bytes(b"%PDF-1.4\n" + b"".join(b"%d 0 obj%s endobj\n" % (number, one) for number, one in enumerate(objects, 1))
                     + b"trailer<</Root 1 0 R/Size %d>>\n" % (len(objects) + 1))
