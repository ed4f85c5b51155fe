"""PDFs that others wrote: pdf_files.py FOLDER writes one of each kind there.

By cairo and pango, which set fonts into the file; by reportlab, which names fonts that every reader has, and encodings of
East Asia that it only names; by qpdf, with a password; and by hand, as nobody should.
"""
import pathlib
import random
import subprocess
import sys
import zlib

import gi

gi.require_version("Pango", "1.0")
gi.require_version("PangoCairo", "1.0")
import cairo
from gi.repository import Pango, PangoCairo
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas

WORDS = "harbour lantern meadow orchard pepper quarry river saddle timber velvet window yellow".split()


def by_pango(path, pages, font="Noto Sans"):
    """A page a text."""
    surface = cairo.PDFSurface(str(path), 420, 595)
    context = cairo.Context(surface)
    for text in pages:
        layout = PangoCairo.create_layout(context)
        layout.set_font_description(Pango.FontDescription(f"{font} 8"))
        layout.set_width(360 * Pango.SCALE)
        layout.set_text(text, -1)
        context.move_to(30, 40)
        PangoCairo.show_layout(context, layout)
        context.show_page()
    surface.finish()


def by_reportlab(path, pages, font="Helvetica"):
    """A page is a list of (x, y, line)."""
    page = canvas.Canvas(str(path), pagesize=A4)
    for lines in pages:
        page.setFont(font, 11)
        for x, y, line in lines:
            page.drawString(x, y, line)
        page.showPage()
    page.save()


def down(lines, x=60, top=780):
    return [(x, top - 14 * number, line) for number, line in enumerate(lines)]


def plain(path):
    by_pango(path, ["The first page speaks of a lighthouse.", "The second page: its keeper is called Ottilie Brandt.",
                    "The third page is the last."])


def letters(path):
    by_pango(path, ["An affluent officer’s baffling flight: “fjord”, naïve, Straße, Łódź."], "Cantarell")
    by_pango(path.with_name("eastern.pdf"), ["灯台守の名前はオットーです。", "他的名字叫奥托。", "등대지기의 이름은 오토입니다."],
             "Noto Sans CJK JP")


def columns(path):
    left = [f"left column, line {number} of it" for number in range(1, 21)]
    right = [f"right column, line {number} of it" for number in range(1, 21)]
    by_reportlab(path, [down(left) + down(right, 330)])


def named_encoding(path):
    pdfmetrics.registerFont(UnicodeCIDFont("HeiseiMin-W3"))
    by_reportlab(path, [down(["灯台守の名前"])], "HeiseiMin-W3")


def hyphens(path):
    by_reportlab(path, [down(["A document may be cut: this docu-", "ment, is cut, and a well-", "known word is, and wonder-", "ful.",
                              "He is well-known."])])


def blank(path):
    by_pango(path, ["Only the first has words.", "", "And the third: ``` fences ```."])


def form(path):
    page = canvas.Canvas(str(path), pagesize=A4)
    page.drawString(60, 700, "An application")
    page.acroForm.textfield(name="keeper", value="Ottilie Brandt", x=60, y=650, width=200, height=20)
    page.acroForm.textfield(name="empty", value="", x=60, y=620, width=200, height=20)
    page.acroForm.checkbox(name="lamp", checked=True, x=60, y=590)
    page.acroForm.checkbox(name="fog horn", checked=False, x=60, y=560)
    page.showPage()
    page.save()


def scanned(path):
    surface = cairo.PDFSurface(str(path), 420, 595)
    context = cairo.Context(surface)
    picture = cairo.ImageSurface(cairo.FORMAT_RGB24, 300, 400)
    drawn = cairo.Context(picture)
    drawn.set_source_rgb(1, 1, 1)
    drawn.paint()
    drawn.set_source_rgb(0, 0, 0)
    drawn.move_to(40, 100)
    drawn.set_font_size(30)
    drawn.show_text("A picture of words")
    for _ in range(2):
        context.set_source_surface(picture, 30, 30)
        context.paint()
        context.show_page()
    surface.finish()


def locked(path):
    given = path.with_name("plain.pdf")
    subprocess.run(["qpdf", "--encrypt", "secret", "owner", "256", "--", given, path], check=True)
    # Anybody may read it; only printing takes a password.
    subprocess.run(["qpdf", "--encrypt", "", "owner", "256", "--print=none", "--extract=n", "--", given,
                    path.with_name("restricted.pdf")], check=True)
    subprocess.run(["qpdf", "--object-streams=generate", "--linearize", given, path.with_name("linearized.pdf")], check=True)


def many(path):
    by_reportlab(path, [[(60, 700, f"This is page number {number}.")] for number in range(1, 3001)])
    draw = random.Random(1)
    by_reportlab(path.with_name("long.pdf"),
                 [down([" ".join(draw.choices(WORDS, k=14)) for _ in range(54)]) for _ in range(270)])


def by_hand(contents, filters=b"", tree=None):
    """A page with the stream, as it stands."""
    tree = tree or b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", tree,
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 400]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
               b"<</Length %d%s>>stream\n%s\nendstream" % (len(contents), filters, contents),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    body = b"%PDF-1.7\n"
    for number, one in enumerate(objects, 1):
        body += b"%d 0 obj%s endobj\n" % (number, one)
    return body + b"trailer<</Root 1 0 R/Size 6>>\n"


def hostile(path):
    """What was written to do harm, or was half lost."""
    def write(name, data):
        path.with_name(name).write_bytes(data)

    # Half a gigabyte of drawing instructions in a megabyte, and the same packed once more in a few kilobytes
    packer = zlib.compressobj(9)
    piece = b"BT /F 9 Tf 9 9 Td (x) Tj ET\n" * 40000
    bomb = b"".join(packer.compress(piece) for _ in range(450)) + packer.flush()
    write("bomb.pdf", by_hand(bomb, b"/Filter/FlateDecode"))
    write("twice.pdf", by_hand(zlib.compress(bomb, 9), b"/Filter[/FlateDecode/FlateDecode]"))
    write("circle.pdf", by_hand(b"BT /F 9 Tf 9 9 Td (round) Tj ET", tree=b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 2>>"))
    write("promises.pdf", by_hand(b"", tree=b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>"))
    write("nested.pdf", by_hand(b"BT /F 9 Tf [" + b"[" * 100000 + b"] TJ ET"))
    write("steering.pdf", by_hand(b"BT /F 9 Tf 9 9 Td (one\\033[31m\\007two) Tj ET"))
    whole = path.with_name("many.pdf").read_bytes()
    write("truncated.pdf", whole[:len(whole) // 2])
    write("shortened.pdf", path.with_name("linearized.pdf").read_bytes()[:-60])
    write("beginning.pdf", b"%PDF-1.7\n" + random.Random(2).randbytes(4000))
    write("zip.pdf", b"PK\x03\x04" + random.Random(3).randbytes(4000))
    write("later.pdf", random.Random(4).randbytes(300) + b"\n" + by_hand(b"BT /F 9 Tf 9 9 Td (behind junk) Tj ET"))
    write("about.txt", b"A file that begins with %PDF- is a PDF.\n")


def main(folder):
    for make in (plain, letters, columns, named_encoding, hyphens, blank, form, scanned, locked, many, hostile):
        make(pathlib.Path(folder) / f"{make.__name__}.pdf")


if __name__ == "__main__":
    main(sys.argv[1])
