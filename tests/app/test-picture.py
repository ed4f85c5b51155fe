"""The helper that decodes pictures, against Pillow: every format, way up and depth; and what is no picture, or claims to be more than
one."""
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

SOURCE = pathlib.Path(os.environ.get("SOTTO_SOURCE_DIR") or pathlib.Path(__file__).parents[2])
BUILD = pathlib.Path(os.environ.get("SOTTO_BUILD_DIR") or SOURCE / "_build")
HELPER = BUILD / "app/picture/sotto-picture"


def decode(data):
    """Width, height and pixels; or the byte that it is refused with"""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        done = subprocess.run([HELPER], stdin=file, capture_output=True, timeout=120, check=True)
    said = done.stdout
    if said[:5] == b"x\1\0\0\0" and len(said) == 6:
        return said[5]
    kind, length, width, height = struct.unpack("<cIII", said[:13])
    assert kind == b"i" and length == 8 + width * height * 3 and said[5 + length:] == b"z\0\0\0\0", said[:20]
    return width, height, said[13:-5]


def compare(data, wanted, distance):
    found = decode(data)
    if isinstance(found, int):
        yield f"refused with {found}"
        return
    if found[:2] != wanted.size:
        yield f"{found[:2]} and not {wanted.size}"
        return
    furthest = max(abs(one - other) for one, other in zip(found[2], wanted.tobytes()))
    if furthest > distance:
        yield f"{furthest} away"


def refuse(data, wanted):
    found = decode(data)
    if found != wanted:
        yield f"{found if isinstance(found, int) else found[:2]} and not refused with {wanted}"


def largest():
    """As many pixels as there may be, packed to almost nothing: they are read, in little memory; one row more is not."""
    import picture_files
    side = 11585  # 2^27 pixels, nearly
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(side * 3 + 1)) for _ in range(side)) + packer.flush()
    found = decode(picture_files.png_of(side, side, rows))
    if isinstance(found, int) or found[:2] != (2048, 2048) or any(found[2][:6000]):
        yield f"{found if isinstance(found, int) else found[:2]}"
    if decode(picture_files.png_of(side + 1, side, rows)) != 3:
        yield "one column more was read"


def main():
    if not HELPER.exists():
        print("1..0 # SKIP the helper is not built")
        return 0
    try:
        import picture_files
    except ImportError as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    tests = [(name, lambda entry=entry: compare(*entry)) for name, entry in picture_files.good().items()]
    tests += [(name, lambda entry=entry: refuse(*entry)) for name, entry in picture_files.bad().items()]
    tests.append(("the largest", largest))
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        broken = list(test())
        for line in broken:
            print(f"# {line}")
        print(f"{'not ok' if broken else 'ok'} {number} - {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
