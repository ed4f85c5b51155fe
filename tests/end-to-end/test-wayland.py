"""The same program on Wayland, as most desktops are: keys, menus, dialogs, the clipboard and locking, without a word of complaint."""
import os
import pathlib
import re
import tempfile

import person
import scripted_model
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop("--keyring", "none", "--wayland", programs=("xdotool", "import", "weston"))
person.prefer(temperature=0.0)

MODEL = person.data_folder() / "models" / "Quick.gguf"
MODEL.parent.mkdir(parents=True, exist_ok=True)
REPLY = "The ferry goes at twenty to ten."
scripted_model.write(MODEL, REPLY, name="Quick")
PASSPHRASE = "seven green elephants"

place = pathlib.Path(tempfile.mkdtemp(prefix="sotto-wayland.", dir=os.environ["SOTTO_DESKTOP"]))
errors = (place / "errors").open("w+", encoding="utf-8")
(place / "tide-table.txt").write_text("High water is at noon.\n", encoding="utf-8")

journey = Journey()
step = journey.step


def enter_passphrase(sotto):
    sotto.go_to_entry("Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")


@step("It is a window of the compositor's, and of no X server's")
def _():
    # xdotool's keys still come from the X server, through the compositor's window.
    display = os.environ.pop("DISPLAY")
    sotto = journey.sotto = Sotto(errors=errors)
    os.environ["DISPLAY"] = display
    sotto.see("label", "Choose a Passphrase")
    mapped = pathlib.Path(f"/proc/{sotto.pid}/environ").read_bytes()
    check(b"\0DISPLAY=" not in mapped, "it could have gone to the X server")


@step("A passphrase is chosen, a message is typed, and its reply comes")
def _():
    sotto = journey.sotto
    for name in ("Passphrase", "Passphrase Again"):
        sotto.go_to_entry(name)
        sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.accept_recovery_code()
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write("When does the ferry go?")
    wait_same("the reply", sotto.wait_reply, REPLY)
    sotto.screenshot("wayland-reply")


@step("Menus and popovers open at a key, and go with Escape")
def _():
    sotto = journey.sotto
    sotto.keys("F10")
    wait("the menu to have the focus", lambda: (item := sotto.focused()) and item.role == "menu item")
    sotto.screenshot("wayland-menu")
    sotto.keys("Escape")
    sotto.gone("menu item")
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.keys("ctrl+shift+m")
    wait("the list of models", lambda: (node := sotto.focused()) and node.fits("list item", re.compile("Quick")))
    sotto.keys("Escape")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))


@step("A file is chosen in a dialog, a window of its own, and attached")
def _():
    sotto = journey.sotto
    sotto.see("button", "Attach Files…").press()
    wait("the dialog", lambda: len(sotto.look().all("frame")) + len(sotto.look().all("dialog")) > 1)
    sotto.screenshot("wayland-dialog")
    sotto.keys("ctrl+l")
    wait("a place for a path", lambda: (node := sotto.focused()) and node.role in ("text", "entry"))
    sotto.keys("ctrl+a")
    sotto.type(str(place / "tide-table.txt"))
    sotto.keys("shift+End", "Delete", "Return")
    sotto.see("button", re.compile("^tide-table.txt"))


@step("What is copied can be pasted")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    sotto.type("Boathouse")
    sotto.keys("ctrl+a", "ctrl+c", "End", "ctrl+v")
    wait_same("what is written", lambda: sotto.composer().text(), "BoathouseBoathouse")


@step("Locked by a key, nothing can be pasted; the passphrase opens it, and all is as it was")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+l")
    sotto.see("label", "Your Conversations Are Locked")
    sotto.go_to_entry("Passphrase")
    sotto.keys("ctrl+v")
    sotto.type("x")
    wait_same("what is in the entry", lambda: len(sotto.focused().text()), 1)
    sotto.keys("BackSpace")
    enter_passphrase(sotto)
    wait("the draft", lambda: sotto.look().find("text", "Message") and sotto.composer().text() == "BoathouseBoathouse", 60)
    wait_same("the reply", sotto.reply, REPLY)


@step("It ends at a key, and has complained of nothing")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    errors.seek(0)
    lines = [line for line in errors.read().splitlines() if re.search("WARNING|CRITICAL|ERROR", line)]
    check(not lines, f"it wrote: {lines}")


journey.run()
