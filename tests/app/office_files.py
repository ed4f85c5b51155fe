"""Documents of offices, books and pages of the web, written by hand: office_files.py FOLDER writes them there.

What others wrote is in documents/; here is what nobody writes, or should not: each thing alone, and much of it to do harm.
"""
import pathlib
import struct
import sys
import warnings
import zipfile
import zlib

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
RELATION = ('<Relationship Id="{}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" Target="{}"{}/>')
OPEN = ('xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'xmlns:presentation="urn:oasis:names:tc:opendocument:xmlns:presentation:1.0"')


def relations(*entries):
    return f"<Relationships>{''.join(RELATION.format(*entry, *('',) * (4 - len(entry))) for entry in entries)}</Relationships>"


def archive(path, parts, method=zipfile.ZIP_DEFLATED):
    """Parts are (name, bytes or text)."""
    with zipfile.ZipFile(path, "w", method, compresslevel=9) as packed:
        for name, data in parts:
            packed.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, method)


def word_parts(body, *more, beginning="", main="document.xml"):
    document = body if isinstance(body, bytes) else f'{beginning}<w:document {W}><w:body>{body}</w:body></w:document>'
    return [("[Content_Types].xml", TYPES), ("_rels/.rels", relations(("r1", "officeDocument", main))), (main, document), *more]


def paragraph(text, properties=""):
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}<w:r><w:t>{text}</w:t></w:r></w:p>"


def open_parts(kind, body, styles="", *more):
    content = (f'<?xml version="1.0"?><office:document-content {OPEN}><office:automatic-styles>{styles}</office:automatic-styles>'
               f'<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>')
    return [("mimetype", "application/vnd.oasis.opendocument." + kind), ("content.xml", content),
            ("META-INF/manifest.xml", "<manifest/>"), *more]


def words(folder):
    """What a text document may have in it"""
    archive(folder / "words.docx", word_parts(
        paragraph("A heading", '<w:outlineLvl w:val="2"/>')
        + paragraph("kept") + f"<w:p><w:ins>{paragraph('x')[5:-6]}</w:ins><w:del><w:r><w:delText>deleted</w:delText><w:t>deleted</w:t></w:r>"
        f"</w:del><w:moveFrom><w:r><w:t>moved away</w:t></w:r></w:moveFrom><w:r><w:t> inserted</w:t></w:r></w:p>"
        + "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>shown</w:t></w:r>"
        "<w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:noBreakHyphen/><w:t>a</w:t><w:br/><w:t>b</w:t></w:r></w:p>"
        + "<mc:AlternateContent><mc:Choice><w:p><w:r><w:t>new</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:p><w:r><w:t>old</w:t></w:r>"
        "</w:p></mc:Fallback></mc:AlternateContent>"
        + "<w:p><m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f><m:sSup><m:e><m:r><m:t>x"
        "</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></w:p>"
        + f"<w:tbl><w:tr><w:tc>{paragraph('out')}<w:tbl><w:tr><w:tc>{paragraph('in 1')}</w:tc><w:tc>{paragraph('in 2')}</w:tc></w:tr></w:tbl>"
        f"</w:tc><w:tc>{paragraph('a | b')}{paragraph('c')}</w:tc></w:tr><w:tr><w:tc>{paragraph('')}</w:tc><w:tc/></w:tr></w:tbl>"
        + "<w:p><w:r><w:t>controls &#7;&#27;[0m &#xfffe; &unknown; &lt;tag&gt;</w:t></w:r></w:p>"))
    # No name has to be as programs write it, only its meaning.
    other = "<ns0:document><ns0:body><ns0:p><ns0:r><ns0:t>another prefix</ns0:t></ns0:r></ns0:p></ns0:body></ns0:document>"
    archive(folder / "prefix.docx", word_parts(other.encode(), main="odd/place.xml"))
    latin = f'<?xml version="1.0" encoding="ISO-8859-1"?><w:document {W}>{paragraph("Straße, naïve")}</w:document>'
    archive(folder / "latin.docx", word_parts(latin.encode("latin-1")))
    archive(folder / "wide.docx", word_parts(f'<?xml version="1.0"?><w:document>{paragraph("𝄞 Łódź")}</w:document>'.encode("utf-16")))
    archive(folder / "stored.docx", word_parts(paragraph("not packed")), zipfile.ZIP_STORED)
    archive(folder / "many.docx", word_parts("".join(paragraph(f"Paragraph number {n}.") for n in range(100000))))
    archive(folder / "empty.docx", word_parts(paragraph("  ")))


def slides(folder):
    """A hidden slide keeps its number."""
    def slide(text, more=""):
        return (f"<p:sld {more}><p:sp><p:nvSpPr><p:nvPr><p:ph type='title'/></p:nvPr></p:nvSpPr><p:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
                "</p:txBody></p:sp><p:sp><p:nvPr><p:ph type='sldNum'/></p:nvPr><p:txBody><a:p><a:fld><a:t>7</a:t></a:fld></a:p></p:txBody></p:sp></p:sld>")
    archive(folder / "slides.pptx", [
        ("[Content_Types].xml", TYPES), ("_rels/.rels", relations(("r1", "officeDocument", "/ppt/presentation.xml"))),
        ("ppt/presentation.xml", "<p:presentation><p:sldIdLst><p:sldId id='256' r:id='r2'/><p:sldId id='257' r:id='r1'/>"
         "<p:sldId id='258' r:id='r3'/><p:sldId r:id='r9'/></p:sldIdLst></p:presentation>"),
        ("ppt/_rels/presentation.xml.rels", relations(("r1", "slide", "slides/../slides/s1.xml"), ("r2", "slide", "slides/s2.xml"),
                                                      ("r3", "slide", "slides/s3.xml"), ("r9", "slide", "file:///etc/passwd", ' TargetMode="External"'))),
        ("ppt/slides/s1.xml", slide("hidden", "show='0'")), ("ppt/slides/s2.xml", slide("first")), ("ppt/slides/s3.xml", slide("last"))])
    hidden = "<style:style style:name='dp2' style:family='drawing-page'><style:drawing-page-properties presentation:visibility='hidden'/></style:style>"
    archive(folder / "slides.odp", open_parts("presentation", "".join(
        f"<draw:page draw:style-name='{style}'><draw:frame presentation:class='title'><draw:text-box><text:p>{text}</text:p></draw:text-box>"
        "</draw:frame></draw:page>" for style, text in (("dp1", "first"), ("dp2", "hidden"), ("dp1", "last"))), hidden))


def sheets(folder):
    """Cells that say they are millions"""
    row = "<table:table-row table:number-rows-repeated='{}'><table:table-cell table:number-columns-repeated='{}'>{}</table:table-cell></table:table-row>"
    archive(folder / "repeated.ods", open_parts(
        "spreadsheet", "<table:table table:name='Few'>" + row.format(2, 3, "<text:p>x</text:p>") + row.format(1048576, 16384, "") + "</table:table>"
        + "<table:table table:name='Secret' table:style-name='ta2'>" + row.format(1, 1, "<text:p>hidden</text:p>") + "</table:table>",
        "<style:style style:name='ta2' style:family='table'><style:table-properties table:display='false'/></style:style>"))
    archive(folder / "millions.ods", open_parts(
        "spreadsheet", "<table:table>" + row.format(1048576, 16384, "<text:p>x</text:p>") * 50 + "</table:table>"))


def web(folder):
    page = ("<!DOCTYPE html><html><head><title>Tab</title><style>p { color: red }</style></head><body><!-- comment --><script>if (a < b) { '<p>' }</script>"
            "<h2>Caf&eacute;</h2><p>One &lt;two&gt; &#8220;three&#x201d; &euro;5 &nosuch; 1 < 2<p>next<br>line<div hidden>hidden</div>"
            "<ul><li>a<li>b<ol start=3><li>c</ol></ul><pre>  x\n    y</pre><table><tr><th>h<th>i<tr><td>1<td>2</table>"
            "x<sup>2</sup> <del>deleted</del><ruby>漢<rt>kan</rt></ruby><iframe src='file:///etc/passwd'></iframe></body>")
    (folder / "page.html").write_text(page, encoding="utf-8")
    (folder / "page").write_text("\n  " + page, encoding="utf-8")
    (folder / "western.htm").write_bytes("<p>Straße – naïve</p>".encode("cp1252"))
    (folder / "eastern.htm").write_bytes("<meta charset='shift_jis'><p>灯台守</p>".encode("shift_jis"))
    (folder / "cyrillic.htm").write_bytes("<META CHARSET=windows-1251><p>Смотритель маяка</p>".encode("cp1251"))
    (folder / "koi8.htm").write_bytes("<meta http-equiv='x' content='text/html; charset=KOI8-R'><p>Смотритель маяка</p>".encode("koi8-r"))
    (folder / "hebrew.rtf").write_bytes(rb"{\rtf1\ansi\ansicpg1253{\fonttbl{\f0\fcharset177 A;}{\f1\fcharset1 B;}{\f2\fcharset238 C;}}"
                                        rb"\f0 \'f9\'ec\f1 \'c1\f2 \'b9\par}")
    (folder / "unclosed.html").write_text("<p>begun <a href='" + "x" * 100000, encoding="utf-8")
    (folder / "rich.rtf").write_bytes(rb"{\rtf1\ansi{\fonttbl{\f0\fcharset0 A;}}{\*\generator x;}{\info{\title no}}\pard Caf\'e9 \u8364?5\line "
                                      rb"{\v hidden}{\deleted deleted}\{brace\}\par {\header no}{\field{\*\fldinst HYPERLINK}{\fldrslt link}}\par}")
    (folder / "eastern.rtf").write_bytes(rb"{\rtf1\ansi{\fonttbl{\f0\fcharset128 A;}}\f0 \'93\'94\par}")
    (folder / "deep.rtf").write_bytes(b"{\\rtf1 before " + b"{" * 500000 + b"deep" + b"}" * 500000 + b" behind\\par}")


def books(folder):
    def book(name, *more):
        archive(folder / name, [
            ("mimetype", "application/epub+zip"), ("META-INF/container.xml", "<container><rootfile full-path='a/list.opf'/></container>"),
            ("a/list.opf", "<package><manifest><item id='1' href='one.xhtml'/><item id='2' href='%74wo.xhtml'/><item id='3' href='../../../etc/passwd'/>"
             "</manifest><spine><itemref idref='2'/><itemref idref='1'/><itemref idref='3'/></spine></package>"),
            ("a/one.xhtml", "<html><head><script/><title/></head><body><p>first<a id='x'/> here</p></body></html>"),
            ("a/two.xhtml", "<html><body><h1>Begin</h1></body></html>"), *more])
    cipher = "<encryption><EncryptedData><CipherData><CipherReference URI='{}'/></CipherData></EncryptedData></encryption>"
    book("book.epub", ("META-INF/encryption.xml", cipher.format("a/font.otf")))
    book("locked.epub", ("META-INF/encryption.xml", cipher.format("a/one.xhtml")))


def change(source, target, edit):
    data = bytearray(source.read_bytes())
    edit(data)
    target.write_bytes(data)


def damaged(folder):
    """Archives that are not what they say"""
    good = folder / "stored.docx"
    data = good.read_bytes()
    (folder / "truncated.docx").write_bytes(data[:-40])
    (folder / "half.docx").write_bytes(data[:len(data) // 2])
    (folder / "nothing.docx").write_bytes(b"PK\5\6" + b"\0" * 18)
    listed, at = data.index(b"PK\1\2"), data.rindex(b"PK\1\2")
    change(good, folder / "sum.docx", lambda d: d.__setitem__(d.index(b"not packed"), 0x4e))
    change(good, folder / "locked-part.docx", lambda d: d.__setitem__(at + 8, 1))
    change(good, folder / "huge.docx", lambda d: d.__setitem__(slice(at + 20, at + 28), b"\xfe\xff\xff\xff" * 2))
    change(good, folder / "elsewhere.docx", lambda d: d.__setitem__(slice(at + 42, at + 46), b"\xf0\xff\xff\xff"))
    change(good, folder / "method.docx", lambda d: d.__setitem__(at + 10, 99))
    change(good, folder / "larger.docx", lambda d: d.__setitem__(slice(at + 24, at + 28), struct.pack("<I", 1 << 30)))
    change(good, folder / "name.docx", lambda d: d.__setitem__(d.index(b"document.xml", d.index(b"PK\3\4", 300)), 0x44))
    change(good, folder / "list.docx", lambda d: d.__setitem__(listed + 28, 0xff))
    twice = word_parts(paragraph("one")) + [("document.xml", word_parts(paragraph("two"))[2][1])]
    with warnings.catch_warnings(action="ignore"):
        archive(folder / "twice.docx", twice)
    # The same with numbers of 64 bits, which no archive of this size needs
    with zipfile.ZipFile(folder / "zip64.docx", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in word_parts(paragraph("large numbers")):
            with packed.open(zipfile.ZipInfo(name), "w", force_zip64=True) as one:
                one.write(part.encode())
    change(folder / "zip64.docx", folder / "zip64.docx", to_64)
    archive(folder / "plain.zip", [("notes.txt", "x")])
    archive(folder / "plain.docx", [("notes.txt", "x")])
    archive(folder / "inner.docx", [("words.docx", (folder / "words.docx").read_bytes())])


def to_64(data):
    """Has the end of an archive, and its list, in the form for large ones."""
    end = data.rindex(b"PK\5\6")
    count, size, offset = struct.unpack("<HII", data[end + 10:end + 20])
    listed = bytearray()
    at = offset
    for _ in range(count):
        name, extra, comment = struct.unpack("<HHH", data[at + 28:at + 34])
        packed, whole = struct.unpack("<II", data[at + 20:at + 28])
        place, = struct.unpack("<I", data[at + 42:at + 46])
        large = struct.pack("<HHQQQ", 1, 24, whole, packed, place)
        head = bytearray(data[at:at + 46])
        head[20:28], head[30:34], head[42:46] = b"\xff" * 8, struct.pack("<HH", len(large), 0), b"\xff" * 4
        listed += head + data[at + 46:at + 46 + name] + large
        at += 46 + name + extra + comment
    behind = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, count, count, len(listed), offset)
    locator = struct.pack("<IIQI", 0x07064b50, 0, offset + len(listed), 1)
    data[offset:] = listed + behind + locator + b"PK\5\6\0\0\0\0" + b"\xff" * 12 + b"\0\0"


def packed_of(pieces):
    """A part that is far larger than what it takes"""
    packer, size, total = zlib.compressobj(9, zlib.DEFLATED, -15), 0, 0
    out = bytearray()
    for piece in pieces:
        out += packer.compress(piece)
        size, total = size + len(piece), zlib.crc32(piece, total)
    return bytes(out + packer.flush()), size, total


def with_packed(path, parts, name, packed):
    """Adds a part that is packed already."""
    archive(path, parts)
    data, (body, size, total) = path.read_bytes(), packed
    end = data.rindex(b"PK\5\6")
    count, listed, offset = struct.unpack("<HII", data[end + 10:end + 20])
    encoded = name.encode()
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0, total, len(body), size, len(encoded), 0)
    entry = b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, offset) + encoded
    local = b"PK\3\4" + head + encoded + body
    path.write_bytes(data[:offset] + local + data[offset:offset + listed] + entry
                     + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count + 1, count + 1, listed + len(entry), offset + len(local), 0))


def hostile(folder):
    without = word_parts("")[:2]
    # 300 MB of blanks in 300 kB; and 60 MB that are asked for again and again
    with_packed(folder / "bomb.docx", without, "document.xml", packed_of([b" " * 1000000] * 300))
    with_packed(folder / "bombs.pptx", [
        ("[Content_Types].xml", TYPES), ("_rels/.rels", relations(("r1", "officeDocument", "p.xml"))),
        ("p.xml", "<p:presentation>" + "<p:sldId r:id='r1'/>" * 5000 + "</p:presentation>"),
        ("_rels/p.xml.rels", relations(("r1", "slide", "s.xml")))], "s.xml", packed_of([b"<a:p>" + b" " * 999995] * 60))
    with_packed(folder / "words.odt", open_parts("text", "")[2:], "content.xml",
                packed_of([b"<office:body><office:text>"] + [b"<text:p>" + b"x" * 999992] * 40))
    archive(folder / "deep.docx", word_parts("<w:p>" * 300000 + "<w:r><w:t>deep</w:t></w:r>"))
    archive(folder / "boxes.docx", word_parts("<w:p><w:r><w:txbxContent>" * 100000 + paragraph("in a box")))
    archive(folder / "deep.odt", open_parts("text", "<text:list><text:list-item><text:p>" * 100000 + "deep"))
    archive(folder / "notes.odt", open_parts("text", "<text:p>a<text:note><text:note-body>" * 50000 + "<text:p>deep"))
    archive(folder / "tables.odt", open_parts("text", "<table:table><table:table-row><table:table-cell>" * 100000 + "<text:p>deep</text:p>"))
    archive(folder / "attributes.docx", word_parts("<w:p " + " ".join(f"a{n}='x'" for n in range(200000)) + ">" + paragraph("behind")[5:]))
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laughs = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}<!ENTITY % y "z>]">]>'
    archive(folder / "laughs.docx", word_parts(paragraph("&l11; behind"), beginning=laughs))
    outside = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % g SYSTEM "http://127.0.0.1/x"> %g;]>'
    archive(folder / "outside.docx", word_parts(paragraph("&f; behind"), beginning=outside))
    archive(folder / "outside.odt", [("content.xml", f"{outside}<x><body><text><p>&f; behind</p></text></body></x>"), ("mimetype", "x")])
    archive(folder / "paths.docx", word_parts(paragraph("paths"), ("../../../../tmp/sotto-was-here", "x"), ("/etc/passwd", "x"), ("C:\\x", "x")))
    archive(folder / "crowd.docx", word_parts(paragraph("crowd"), *((f"part{n}", "") for n in range(25000))))
    archive(folder / "locked.odt", open_parts("text", "<text:p>x</text:p>")[:2]
            + [("META-INF/manifest.xml", "<manifest><file-entry><manifest:encryption-data/></file-entry></manifest>")])


def main(folder):
    for make in (words, slides, sheets, web, books, damaged, hostile):
        make(pathlib.Path(folder))


if __name__ == "__main__":
    main(sys.argv[1])
