"""What SmolLM2-135M sees colours with (../engine/vision/make-colours), pictures to look at, and a clipboard with one."""
import os
import pathlib
import struct
import subprocess
import sys
import zlib

import person

SOURCE = pathlib.Path(__file__).parents[1] / "engine"
sys.path.insert(0, str(SOURCE / "peer"))
import peer

# The cache is outside the desktop.
os.environ.setdefault("SOTTO_CACHE", peer.cache())


def make_eyes(path):
    """Into a file; skips where what makes it is not prepared."""
    if not peer.ready():
        person.skip_all("what writes model files is not prepared; tests/run exact-logits does")
    model = pathlib.Path(os.environ["SOTTO_MODELS"]) / "SmolLM2-135M-Instruct.Q4_1.gguf"
    subprocess.run([SOURCE / "vision/make-colours", "--model", model, path], check=True, capture_output=True, timeout=120)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(colour, text, side=64):
    """A square of one colour, with a text that a search of the disk would find."""
    rows = b"".join(b"\0" + bytes(colour) * side for _ in range(side))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"tEXt", b"Comment\0" + text.encode()) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


# Some other program, of which a picture has been copied
OWNER = """
import sys
import gi
gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, GLib, Gtk
Gtk.init()
content = Gdk.ContentProvider.new_for_bytes("image/png", GLib.Bytes.new(sys.stdin.buffer.read()))
Gdk.Display.get_default().get_clipboard().set_content(content)
print("copied", flush=True)
GLib.MainLoop().run()
"""


class Clipboard:
    """Holds a picture as long as it is entered."""

    def __init__(self, data):
        self.process = subprocess.Popen([sys.executable, "-c", OWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(data)
        self.process.stdin.close()

    def __enter__(self):
        person.check(self.process.stdout.readline() == b"copied\n", "nothing was copied")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
