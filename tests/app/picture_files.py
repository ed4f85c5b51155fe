"""Pictures as cameras, programs and people of ill will make them, written by Pillow; and what they look like, read by it.

Usage: picture_files.py FOLDER
"""
import io
import pathlib
import struct
import sys
import zlib

from PIL import Image, ImageOps

ORIENTATION = 0x0112
# What Pillow and our own reading may differ by: 16 bits in 8, and the rounding between two passes of a scaling
EXACT, ROUNDED, SCALED = 0, 1, 8


def colourful(width=70, height=45):
    """No row, column or corner of it is as another."""
    return Image.frombytes("RGB", (width, height), bytes(
        value for y in range(height) for x in range(width) for value in (x * 255 // (width - 1), y * 255 // (height - 1), x * y % 256)))


def transparent(width=70, height=45):
    image = colourful(width, height).convert("RGBA")
    image.putalpha(Image.frombytes("L", (width, height), bytes(x * 3 % 256 for _ in range(height) for x in range(width))))
    return image


def save(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def on_white(image):
    image = ImageOps.exif_transpose(image).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def seen(data):
    """What Pillow makes of a file"""
    return on_white(Image.open(io.BytesIO(data)))


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of(width, height, data):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def interlaced_png(image):
    """Adam7, which Pillow reads and does not write"""
    rows = b""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        for y in range(top, image.height, down):
            rows += b"\0" + b"".join(bytes(image.getpixel((x, y))) for x in range(left, image.width, across))
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def old_bmp(image):
    """OS/2's, with a short header and colours of three bytes"""
    image = image.convert("P", palette=Image.Palette.ADAPTIVE)
    palette = bytes(image.getpalette()).ljust(768, b"\0")
    colours = b"".join(palette[i * 3:i * 3 + 3][::-1] for i in range(256))
    row = (image.width + 3) // 4 * 4
    pixels = b"".join(image.crop((0, y, image.width, y + 1)).tobytes().ljust(row, b"\0") for y in reversed(range(image.height)))
    head = struct.pack("<IHHHH", 12, image.width, image.height, 1, 8)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(colours) + len(pixels), 0, 0, 14 + len(head) + len(colours)) + head + colours + pixels


def good():
    """Name -> bytes, what is to be seen, and by how much it may differ"""
    image = colourful()
    files = {}

    def add(name, data, wanted=None, distance=EXACT):
        files[name] = (data, wanted or seen(data), distance)

    for number in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = number
        for ending, kind, options in (("jpg", "JPEG", {}), ("png", "PNG", {}), ("webp", "WEBP", {}), ("tif", "TIFF", {})):
            add(f"turned-{number}.{ending}", save(image, kind, exif=exif, **options))
    for kind, ending in (("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tif"), ("BMP", "bmp")):
        add(f"transparent.{ending}", save(transparent(), kind, **({"lossless": True} if kind == "WEBP" else {})))
    for mode in ("L", "1", "P", "LA"):
        for kind, ending in (("PNG", "png"), ("GIF", "gif"), ("TIFF", "tif"), ("BMP", "bmp")):
            if (mode, kind) != ("LA", "BMP"):
                add(f"{mode}.{ending}", save(image.convert(mode), kind))
    gray = [x * 900 for _ in range(45) for x in range(70)]
    add("16-bit.png", save(Image.frombytes("I;16", (70, 45), struct.pack(f"<{len(gray)}H", *gray)), "PNG"),
        Image.frombytes("L", (70, 45), bytes(value // 257 for value in gray)).convert("RGB"), ROUNDED)
    add("interlaced.png", interlaced_png(image))
    add("interlaced.gif", save(image, "GIF", interlace=True))
    add("progressive.jpg", save(image, "JPEG", progressive=True))
    add("inks.jpg", save(image.convert("CMYK"), "JPEG"))
    add("gray.jpg", save(image.convert("L"), "JPEG"))
    add("fine.jpg", save(image, "JPEG", subsampling=0, quality=95))
    add("packed.tif", save(image, "TIFF", compression="tiff_lzw"))
    add("inks.tif", save(image.convert("CMYK"), "TIFF"), None, ROUNDED)
    add("old.bmp", old_bmp(image))
    add("one.png", save(image.crop((3, 3, 4, 4)), "PNG"))
    moving = [image, ImageOps.invert(image)]
    add("moving.gif", save(moving[0], "GIF", save_all=True, append_images=moving[1:]))
    add("moving.webp", save(moving[0], "WEBP", save_all=True, append_images=moving[1:], lossless=True))
    for name, size, kind, options in (("wide.png", (4100, 700), "PNG", {}), ("high.jpg", (900, 4800), "JPEG", {"quality": 95})):
        data = save(image.resize(size, Image.Resampling.BICUBIC), kind, **options)
        add(name, data, seen(data).resize(tuple(round(side * 2048 / max(size)) for side in size), Image.Resampling.LANCZOS), SCALED)
    # Decoded at a half of its sides by its own transform: no two programs do that alike.
    data = save(image.resize((8300, 600), Image.Resampling.BICUBIC), "JPEG", quality=95)
    add("panorama.jpg", data, seen(data).resize((2048, 148), Image.Resampling.LANCZOS), SCALED)
    return files


def bad():
    """Name -> bytes, and the byte that the helper refuses with"""
    image = colourful()
    damaged, large, foreign = 1, 3, 5
    files = {
        "cut.png": (save(image, "PNG")[:900], damaged), "cut.jpg": (save(image, "JPEG")[:900], damaged),
        "cut.gif": (save(image, "GIF")[:900], damaged), "cut.webp": (save(image, "WEBP", lossless=True)[:300], damaged),
        "cut.tif": (save(image, "TIFF")[:900], damaged), "cut.bmp": (save(image, "BMP")[:900], damaged),
        "head.gif": (b"GIF89a", damaged), "three.gif": (b"GIF", foreign), "nothing.jpg": (b"\xff\xd8\xff\xd9", damaged),
        "bomb.png": (png_of(60000, 60000, zlib.compress(bytes(1000))), large), "zero.png": (png_of(0, 5, zlib.compress(b"")), damaged),
        "claim.bmp": (save(image, "BMP")[:18] + struct.pack("<ii", 1 << 30, 1 << 30) + save(image, "BMP")[26:], large),
        "claim.gif": (b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0" + b"," + bytes(4) + struct.pack("<HH", 65535, 65535) + b"\0\x08", large),
        "packed.bmp": (save(image.convert("P"), "BMP")[:30] + b"\1" + save(image.convert("P"), "BMP")[31:], foreign),
        "words.txt": (b"Only words.", foreign), "other.heic": (b"\0\0\0\x18ftypheic" + bytes(40), foreign),
    }
    tiff = save(image, "TIFF")
    # Whatever type it has there, its tag is the first that is 256.
    at = next(at for at in range(8, len(tiff)) if tiff[at:at + 2] == b"\0\1" and tiff[at + 2:at + 8] in (b"\3\0\1\0\0\0", b"\4\0\1\0\0\0"))
    files["claim.tif"] = (tiff[:at] + struct.pack("<HHII", 256, 4, 1, 0x7fffffff) + tiff[at + 12:], large)
    return files


def main(folder):
    for name, (data, *_rest) in (good() | bad()).items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
