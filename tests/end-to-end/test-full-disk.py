"""The disk is full, can only be read, or has lost its file: what cannot be kept is said and not lost from sight, what was kept stays,
and once it can be written to again it goes on."""
import os
import pathlib
import resource
import signal
import subprocess
import sys

import person
import scripted_model
from person import Journey, Sotto, check, note, wait

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
if "SOTTO_SMALL_DISK" not in os.environ:
    done = subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        person.skip_all(f"no small disk can be mounted here: {done.stderr.strip()}")
    os.environ["SOTTO_SMALL_DISK"] = "1"
    os.execvp(NAMESPACE[0], [*NAMESPACE, sys.executable, *sys.argv])

person.enter_desktop()
person.prefer(window_width=1300, window_height=800, context_length=32768)

MEGABYTE = 1 << 20
FIRST = "Remember the Wurzelbrumm."
SECOND = "Remember the Tannenquirl."
THIRD = "Remember the Moosdrungel."
NOT_SAVED = "The disk is full or read-only, so changes last only until Sotto is closed."
HALF = "Half a Nebelgrumm"
# Long enough that the disk can fill up while it is written
LONG = " ".join(f"Then the baker sold the loaf number {n}." for n in range(60))

journey = Journey()
step = journey.step
data = person.data_folder()
ballast = data / "ballast"
GONE = "The file with your conversations is gone. Put it back, or export them before closing."
TOO_LARGE = "The file with your conversations cannot grow any larger here. Delete some to save this."
READ_ONLY = "The disk with your conversations can only be read. Make it writable and try again."
FULL = "The disk is full, so this could not be saved. Free some space and try again."


def fill():
    """Until not a byte more goes onto the disk."""
    with open(ballast, "ab", buffering=0) as file:
        for size in (65536, 4096, 512, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass
    note(f"{ballast.stat().st_size} bytes of ballast")


def remount(option):
    return subprocess.run(["mount", "-o", f"remount,{option}", "none", str(data)], capture_output=True, check=False).returncode == 0


def answered(text):
    """Messages that are shown, with a reply after the last of them."""
    shown = journey.sotto.messages()
    return ("You", text) in shown and shown[-1][0] == "Reply" and not journey.sotto.is_writing()


@step("On a small disk a conversation begins")
def _():
    data.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={6 * MEGABYTE}", "none", str(data)], check=True)
    models = person.home()[0] / "models"
    models.mkdir()
    scripted_model.write(models / "Baker.gguf", LONG, layers=40, name="Baker")
    (data / "models").mkdir()
    (data / "models/Baker.gguf").symlink_to(models / "Baker.gguf")
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.write(FIRST)
    wait("the reply", lambda: answered(FIRST))


@step("A message for which there is no room is not sent, stays in the composer, and why is said")
def _():
    sotto = journey.sotto
    fill()
    sotto.type(SECOND)
    wait("it in the composer", lambda: sotto.composer().text() == SECOND)
    sotto.keys("Return")
    sotto.see(None, FULL)
    sotto.screenshot("full-disk")
    check(sotto.composer().text() == SECOND, f"the composer holds “{sotto.composer().text()}”")
    check(("You", SECOND) not in sotto.messages(), "it looks as if it were sent")
    check(("You", FIRST) in sotto.messages(), "what was sent before is gone")


@step("With room again it is sent as it stands there")
def _():
    sotto = journey.sotto
    ballast.unlink()
    sotto.keys("ctrl+l", "Return")
    wait("the reply", lambda: answered(SECOND))
    check(sotto.look().find("label", FULL) is None, "it still says that the disk is full")


@step("When the disk fills up while a reply is written, the program goes on and says so")
def _():
    sotto = journey.sotto
    sotto.write(THIRD)
    wait("the reply to begin", sotto.is_writing)
    fill()
    wait("the end of the reply", lambda: not sotto.is_writing())
    sotto.see(None, FULL)
    sotto.screenshot("full-disk-reply")
    check(("You", THIRD) in sotto.messages(), "what was sent is gone")


@step("With room again, Try Again makes the reply")
def _():
    sotto = journey.sotto
    ballast.unlink()
    sotto.see("button", "Try Again").press()
    wait("the reply", lambda: answered(THIRD))
    check(sotto.look().find("label", FULL) is None, "it still says that the disk is full")
    fill()


@step("After a crash nothing is missing that was sent")
def _():
    journey.sotto.kill()
    ballast.unlink()
    sotto = journey.sotto = Sotto()
    sotto.open(FIRST)
    check(("You", THIRD) in sotto.messages(), f"there are {sotto.messages()}")
    # The one before is out of sight.
    sotto.keys("ctrl+k")
    sotto.type("Tannenquirl")
    sotto.see("list item", FIRST, within=lambda root: root.find(None, "Search Results"))
    check(sotto.look().find("label", FULL) is None, "it says that the disk is full")


@step("What is being written and has no room is not lost with closing: that is asked first")
def _():
    sotto = journey.sotto
    sotto.keys("Escape", "ctrl+n")
    fill()
    sotto.type(HALF)
    sotto.see("label", FULL)
    for keys, width, height in (("ctrl+q", 1300, 800), ("ctrl+w", 360, 720)):
        sotto.resize(width, height)
        sotto.keys(keys)
        sotto.see("button", "Close Anyway")
        sotto.screenshot(f"full-disk-close-{width}", width, height)
        sotto.keys("Escape")
        sotto.gone("button", "Close Anyway")
        check(sotto.composer().text() == HALF, f"the composer holds “{sotto.composer().text()}”")
    sotto.resize(1300, 800)


@step("With room again it closes and asks nothing, and the draft is there the next time")
def _():
    ballast.unlink()
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    wait("the draft", lambda: sotto.composer().text() == HALF)


@step("Who closes anyway is not held; nor is the end of the session")
def _():
    sotto = journey.sotto
    for end in ("a person", "the session"):
        fill()
        sotto.keys("ctrl+l")
        sotto.type(" More.")
        sotto.see("label", FULL)
        if end == "a person":
            sotto.keys("ctrl+q")
            sotto.see("button", "Close Anyway").press()
            check(sotto.ended() == 0, "its exit status was not 0")
        else:
            os.kill(sotto.pid, signal.SIGTERM)
            check(sotto.ended() == -signal.SIGTERM, "it did not end")
        ballast.unlink()
        sotto = journey.sotto = Sotto()
        wait("the draft", lambda: sotto.composer().text().startswith(HALF))


@step("With the file of the conversations taken away it says so, and goes on once it is back")
def _():
    sotto = journey.sotto
    away = data / "away"
    away.mkdir()
    taken = [file.name for file in data.iterdir() if file.name.startswith("history.")]
    for name in taken:
        (data / name).rename(away / name)
    sotto.keys("ctrl+l")
    sotto.type(" Still.")
    sotto.see("label", GONE)
    sotto.screenshot("gone")
    sotto.keys("ctrl+q")
    sotto.see("button", "Close Anyway")
    sotto.keys("Escape")
    sotto.gone("button", "Close Anyway")
    for name in taken:
        (away / name).rename(data / name)
    sotto.gone("label", GONE)
    check(sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    wait("the draft", lambda: "Still." in sotto.composer().text())


@step("Where no file may become any larger it says so, and does not end")
def _():
    sotto = journey.sotto
    soft, hard = resource.prlimit(sotto.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(sotto.pid, resource.RLIMIT_FSIZE, (0, hard))
    sotto.keys("ctrl+l")
    sotto.type(" Yet.")
    sotto.see("label", TOO_LARGE)
    sotto.screenshot("too-large")
    resource.prlimit(sotto.pid, resource.RLIMIT_FSIZE, (soft, hard))
    sotto.gone("label", TOO_LARGE)


@step("Where the disk can only be read it says so, and opens once it can be written to")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    wait("nobody to write there", lambda: remount("ro"))
    sotto = journey.sotto = Sotto()
    sotto.see("label", READ_ONLY)
    sotto.screenshot("read-only")
    check(remount("rw"), "it cannot be made writable again")
    sotto.see("button", "Try Again").press()
    wait("the draft", lambda: "Still." in sotto.composer().text())


@step("Preferences in a folder that may only be read are not kept, which is said; and are, once it may be written to")
def _():
    sotto = journey.sotto
    settings = pathlib.Path(os.environ["XDG_CONFIG_HOME"])
    kept = settings / "glib-2.0/settings/keyfile"
    before = kept.read_text()
    subprocess.run(["mount", "--bind", str(settings), str(settings)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(settings)], check=True)
    sotto.keys("F9")
    sotto.keys("ctrl+comma")
    sotto.see("label", NOT_SAVED)
    sotto.screenshot("read-only-preferences")
    sotto.resize(360, 720)
    sotto.see("label", NOT_SAVED)
    sotto.screenshot("read-only-preferences-360", 360, 720)
    sotto.resize(1300, 800)
    check(kept.read_text() == before, f"there is {kept.read_text()}")

    subprocess.run(["umount", "--lazy", str(settings)], check=True)
    sotto.gone("label", NOT_SAVED)
    wait("what was changed in the file", lambda: "sidebar-shown=false" in kept.read_text())
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    status = journey.run()
    # The desktop takes its home away.
    subprocess.run(["umount", "--lazy", str(data)], check=False)
    sys.exit(status)
