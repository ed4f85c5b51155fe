"""What is dragged from another program and dropped on the window: pixels, a file with a picture, a file with a text."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import colours
import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
PICTURE = pathlib.Path(os.environ.get("SOTTO_PICTURE") or person.BUILD / "app/picture/sotto-picture")
if not PICTURE.exists():
    person.skip_all("the helper that decodes pictures is not built")
os.environ["SOTTO_PICTURE"] = str(PICTURE)
person.prefer(window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")

place = pathlib.Path(tempfile.mkdtemp(prefix="sotto-drop.", dir=os.environ["SOTTO_DESKTOP"]))
RED = colours.png((255, 0, 0), "Wurzelbrumm")
(place / "red.png").write_bytes(RED)
(place / "notes.txt").write_text("Moosdrungel\n")

# Some other program, with something to be dragged out of it: a file, or the bytes on its standard input
ELSEWHERE = """
import sys
import gi
gi.require_version("Gdk", "4.0")
gi.require_version("Gtk", "4.0")
from gi.repository import Gdk, Gio, GLib, Gtk
Gtk.init()
if len(sys.argv) > 1:
    content = Gdk.ContentProvider.new_for_value(Gdk.FileList.new_from_list([Gio.File.new_for_path(sys.argv[1])]))
else:
    content = Gdk.ContentProvider.new_for_bytes("image/png", GLib.Bytes.new(sys.stdin.buffer.read()))
source = Gtk.DragSource(content=content, actions=Gdk.DragAction.COPY)
window = Gtk.Window(title="Dragged From", default_width=90, default_height=90, decorated=False, child=Gtk.Label(label="Drag"))
window.add_controller(source)
window.present()
GLib.MainLoop().run()
"""

journey = Journey()
step = journey.step


def tell(*arguments):
    return subprocess.run(["xdotool", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


@contextlib.contextmanager
def dragged(path=None, data=None):
    """From a small window in the corner, which is there as long as it takes, to the middle of Sotto's."""
    process = subprocess.Popen([sys.executable, "-c", ELSEWHERE, *([str(path)] if path else [])], stdin=subprocess.PIPE)
    try:
        if data:
            process.stdin.write(data)
        process.stdin.close()
        window = tell("search", "--sync", "--onlyvisible", "--name", "^Dragged From$").split()[-1]
        tell("windowmove", window, "0", "0", "windowraise", window)
        tell("mousemove", "40", "40", "mousedown", "1")
        # As a hand does it: whoever is below looks at what comes by.
        for x, y in [(44, 44), (60, 60), (100, 100), (300, 200), (500, 300), (650, 400), (652, 402)]:
            tell("mousemove", str(x), str(y))
            time.sleep(0.15)
        tell("mouseup", "1")
        yield
    finally:
        process.terminate()
        process.wait()


def drop(button, **what):
    """Drags until what comes of it is there: of a program that is busy just then nobody takes what is let go above it."""
    for patience in (10, 10, person.PATIENCE):
        try:
            with dragged(**what):
                journey.sotto.see("button", button, patience)
            return
        except person.Failed as failed:
            last = failed
    raise last


@step("Pixels are a picture that is attached")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    wait("the composer", sotto.composer)
    drop("Picture: Pasted picture.png", data=RED)


@step("So is a file with one, under its name")
def _():
    drop("Picture: red.png", path=place / "red.png")


@step("A file with a text is attached as one")
def _():
    drop(re.compile("^notes.txt, "), path=place / "notes.txt")
    journey.sotto.screenshot("dropped")
    buttons = [button.name for button in journey.sotto.look().all("button", re.compile("^Picture: "))]
    check(len(buttons) == 2, f"there are {buttons}")


@step("It ends")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
