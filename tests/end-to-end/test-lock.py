"""Locked: nothing is on the screen, found or told, and nothing of it is in the memory of the process; then all is as it was."""
import os
import pathlib
import random
import re
import struct

import envelope_key
import person
import sealed_files
from lock_desktop import Desktop
from person import Journey, Sotto, check, wait

person.enter_desktop("--keyring", "none")
person.prefer(temperature=0.0, window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")
# Where it is, passages and questions go through its hands as well.
person.link_models("all-MiniLM-L6-v2")

PASSPHRASE = "seven green elephants"
QUESTION = "Tell me a very long story about the Ankerplumm of Wurzelbrumm."
SECOND = "What does a Zwiebelfisch eat?"
DRAFT = "Nebelkerzenfabrik"
SEARCH = "Ankerplumm"
ASKED = "When does the Kaltmamsell go to the island?"
PASSAGE = "The Kaltmamsell goes to the island with the Glockenspeise at twenty to ten."

ATTACHED = {"sent.txt": "The Quastenflosser sleeps.", "removed.txt": "The Mondkalbsieder wakes.", "draft.txt": "The Pfifferkranich waits."}

journey = Journey()
step = journey.step
seen = ""
keys = []


class Memory:
    """All that a process can read of itself, in pieces that are read one after another."""

    def __init__(self, pid):
        self.pid = pid

    def regions(self):
        for line in pathlib.Path(f"/proc/{self.pid}/maps").read_text().splitlines():
            span, rights, *rest = line.split(maxsplit=5)
            name = rest[3] if len(rest) > 3 else ""
            # What is mapped from files that are installed, and what the kernel shows, is nobody's text.
            is_installed = name.startswith("/usr/") and "w" not in rights
            if "r" in rights and not is_installed and not name.startswith("[v"):
                first, last = (int(end, 16) for end in span.split("-"))
                yield first, last, name

    def find(self, texts):
        """{text: ["where: what is around it"]}, in each encoding that a program may keep it in; of bytes, as they are"""
        found = {}
        with open(f"/proc/{self.pid}/mem", "rb", buffering=0) as memory:
            for first, last, name in self.regions():
                try:
                    memory.seek(first)
                    data = memory.read(last - first)
                except (OSError, ValueError, OverflowError):
                    continue
                for text, form, at in find_forms(data, texts):
                    around = data[max(0, at - 48):at + len(form) + 48]
                    found.setdefault(text, []).append(f"{name or 'memory'} {first + at:x}: {around!r}")
        return found


def find_forms(data, texts):
    """(text, its form, where) for each place. Wide characters are looked for by their lowest bytes in every second and fourth byte of
    the memory, since looking for what is mostly zeros takes five times as long."""
    for width, encoding in ((1, "utf-8"), (2, "utf-16-le"), (4, "utf-32-le")):
        for begin in range(width):
            lane = data if width == 1 else data[begin::width]
            for text in texts:
                if isinstance(text, bytes) and width > 1:
                    continue
                form = text if isinstance(text, bytes) else text.encode(encoding)
                at = lane.find(form[::width])
                while at >= 0:
                    if data.startswith(form, begin + at * width):
                        yield text, form, begin + at * width
                    at = lane.find(form[::width], at + 1)


def words_of(text):
    """Stretches of the reply that stand nowhere by chance."""
    lines = [line.strip() for line in text.splitlines()]
    return [line[at:at + 20] for line in lines for at in range(0, len(line) - 19, 20)][:20]


def forms_of_key():
    """The key of the database as it is, and in digits, as SQLCipher is given it; and what is derived from it."""
    key = envelope_key.unwrap(person.data_folder() / "history.key", PASSPHRASE)
    return [key, key.hex(), key.hex().upper(), *sealed_files.keys(key)]


def is_locked(sotto):
    return sotto.look().find("label", "Your Conversations Are Locked") is not None


def unlock(sotto):
    sotto.go_to_entry("Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    wait("the conversations", sotto.titles)


@step("A conversation, a search, something copied and something half written")
def _():
    global seen, keys
    journey.desktop = Desktop()
    wait("the desktop", lambda: "ready" in journey.desktop.lines())
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Choose a Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Tab")
    sotto.go_to_entry("Passphrase Again")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see("label", "Recovery code")
    sotto.accept_recovery_code()
    sotto.write(SECOND)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    sotto.keys("ctrl+n")
    sotto.write(QUESTION)
    sotto.keys("ctrl+k")
    sotto.type(SEARCH)
    wait("what was found", lambda: sotto.look().find(None, "Search Results"))
    sotto.keys("Escape")
    sotto.keys("ctrl+l")
    sotto.type(DRAFT)
    wait("the draft", lambda: sotto.composer().text() == DRAFT)
    sotto.keys("ctrl+a", "ctrl+c")
    seen = wait("a good piece of the reply", lambda: (text := sotto.reply()) and len(text) > 120 and text, 120)
    keys = forms_of_key()
    check(Memory(sotto.pid).find(keys), "the key is not found in the memory of one that is open")
    found = Memory(sotto.pid).find([QUESTION, SECOND, DRAFT])
    check(set(found) == {QUESTION, SECOND, DRAFT}, f"only {set(found)} is found in the memory of one that is open")


@step("A key locks it while a reply is written: at once nothing is to be seen")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+l")
    wait("it to be locked", lambda: is_locked(sotto), 10)
    names = [node.name for node in sotto.look().walk()]
    check(not any("Ankerplumm" in name or "Zwiebelfisch" in name for name in names), f"there is {names}")
    sotto.screenshot("locked-again")


@step("Nothing of the conversations, and nothing that opens them, is in its memory any more")
def _():
    sotto = journey.sotto
    texts = [QUESTION, SECOND, DRAFT, PASSPHRASE, "Ankerplumm", "Zwiebelfisch", *words_of(seen), *keys]
    last = {}

    def is_clean():
        last.clear()
        last.update(Memory(sotto.pid).find(texts))
        return not last
    try:
        # What fades out, and threads that are done, are there for some seconds more.
        wait("it to be forgotten", is_clean, 30)
    except person.Failed as failed:
        raise person.Failed(f"{failed}\n" + "\n".join(f"{text}: {len(places)} times, as in {places[:3]}"
                                                      for text, places in last.items())) from None


@step("The passphrase opens it where it was, with the stopped reply and what was half written")
def _():
    sotto = journey.sotto
    unlock(sotto)
    # The question may be out of sight, above it.
    wait("the reply", lambda: sotto.reply().startswith(seen[:80]))
    check(not sotto.is_writing(), "it is still written")
    wait("the draft", lambda: sotto.composer().text() == DRAFT)


@step("A passage of a document that is in sight is forgotten, too")
def _():
    sotto = journey.sotto
    place = pathlib.Path(os.environ["SOTTO_DESKTOP"]) / "documents"
    place.mkdir()
    (place / "ferry.md").write_text(f"# Ferries\n\n{PASSAGE}\n")
    sotto.keys("ctrl+n")
    sotto.keys("ctrl+shift+f")
    sotto.see("button", "Add a Folder…").press()
    sotto.choose("Add a Folder of Documents", place)
    sotto.see("button", "Documents and Tools: documents")
    sotto.keys("ctrl+shift+f")
    wait("it to be read", lambda: (check_box := sotto.look().find("check box", "documents")) and check_box.description() == "1 document", 60)
    sotto.keys("Escape")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(ASKED)
    sotto.see("button", re.compile("^Source 1: ferry.md")).press()
    sotto.see("button", "Open Document")
    check(Memory(sotto.pid).find(["Glockenspeise"]), "it is not found in the memory of one that is open")
    sotto.keys("ctrl+shift+l")
    wait("it to be locked", lambda: is_locked(sotto), 10)
    last = {}

    def is_clean():
        last.clear()
        last.update(Memory(sotto.pid).find(["Kaltmamsell", "Glockenspeise"]))
        return not last
    try:
        wait("it to be forgotten", is_clean, 30)
    except person.Failed as failed:
        raise person.Failed(f"{failed}\n" + "\n".join(f"{text}: {len(places)} times, as in {places[:3]}"
                                                      for text, places in last.items())) from None
    unlock(sotto)


@step("An attached file is forgotten: sent, opened, taken off with the way back in sight, and waiting with a draft, which stays")
def _():
    sotto = journey.sotto
    place = pathlib.Path(os.environ["SOTTO_DESKTOP"])
    for name, text in ATTACHED.items():
        (place / name).write_text(f"{text}\n")
    sotto.keys("ctrl+n")
    for name in ATTACHED:
        sotto.see("button", "Attach Files…").press()
        sotto.choose("Attach Files", place / name)
        sotto.see("button", re.compile(f"^{name}, "))
        if name == "sent.txt":
            sotto.keys("Return")
            sotto.gone("button", f"Remove “{name}”")
            wait("a beginning of the reply", sotto.reply, 90)
            sotto.keys("Escape")
            wait("the end of the reply", lambda: not sotto.is_writing(), 90)
    sotto.see("button", "Remove “removed.txt”").press()
    sotto.see("button", "Undo")
    sotto.see("button", re.compile("^draft.txt, ")).press()
    wait("its text", lambda: sotto.look().find("text", "draft.txt"))
    texts = [text.split()[1] for text in ATTACHED.values()]
    check(set(Memory(sotto.pid).find(texts)) == set(texts), "they are not found in the memory of one that is open")
    sotto.keys("Escape")
    sotto.gone("text", "draft.txt")
    sotto.keys("ctrl+shift+l")
    wait("it to be locked", lambda: is_locked(sotto), 10)
    last = {}

    def is_clean():
        last.clear()
        last.update(Memory(sotto.pid).find(texts))
        return not last
    try:
        wait("it to be forgotten", is_clean, 30)
    except person.Failed as failed:
        raise person.Failed(f"{failed}\n" + "\n".join(f"{text}: {len(places)} times, as in {places[:3]}"
                                                      for text, places in last.items())) from None
    unlock(sotto)
    sotto.see("button", re.compile("^draft.txt, "))
    check(sotto.look().find("button", "Remove “removed.txt”") is None, "what was taken off is there again")


def write_picture(path):
    """BMP of noise. Returns: a stretch of it as it stands in the file, and as decoders and windows keep pixels"""
    side = 64
    noise = random.Random(7).randbytes(side * side * 3)
    head = struct.pack("<IHHIIiiHHIIiiII", 54 + len(noise), 0, 0, 54, 40, side, side, 1, 24, 0, len(noise), 0, 0, 0, 0)
    path.write_bytes(b"BM" + head + noise)
    pixels = [noise[at:at + 3] for at in range(side * 90, side * 90 + 24, 3)]
    return {"file": b"".join(pixels), "RGB": b"".join(pixel[::-1] for pixel in pixels),
            "RGBA": b"".join(pixel[::-1] + b"\xff" for pixel in pixels), "BGRA": b"".join(pixel + b"\xff" for pixel in pixels)}


@step("An attached picture is forgotten: its file, and its pixels in whatever order")
def _():
    sotto = journey.sotto
    path = pathlib.Path(os.environ["SOTTO_DESKTOP"]) / "noise.bmp"
    forms = write_picture(path)
    sotto.keys("ctrl+n")
    sotto.see("button", "Attach Files…").press()
    sotto.choose("Attach Files", path)
    sotto.see("button", "Picture: noise.bmp")
    sotto.keys("Return")
    sotto.gone("button", "Remove “noise.bmp”")
    wait("a beginning of the reply", sotto.reply, 90)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing(), 90)
    found = Memory(sotto.pid).find(list(forms.values()))
    check(forms["file"] in found, "it is not found in the memory of one that is open")
    sotto.keys("ctrl+shift+l")
    wait("it to be locked", lambda: is_locked(sotto), 10)
    last = {}

    def is_clean():
        last.clear()
        last.update(Memory(sotto.pid).find(list(forms.values())))
        return not last
    try:
        wait("it to be forgotten", is_clean, 30)
    except person.Failed as failed:
        raise person.Failed(f"{failed}\n" + "\n".join(f"{form}: {len(last[data])} times, as in {last[data][:3]}"
                                                      for form, data in forms.items() if data in last)) from None
    unlock(sotto)


@step("A temporary chat ends when it is locked")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+n")
    sotto.write("About the Haselhuhn")
    wait("a beginning", sotto.reply, 90)
    sotto.keys("ctrl+shift+l")
    wait("it to be locked", lambda: is_locked(sotto), 10)
    wait("it to be forgotten", lambda: not Memory(sotto.pid).find(["Haselhuhn"]), 30)
    unlock(sotto)
    check(not any("Haselhuhn" in title for title in sotto.titles()), f"there is {sotto.titles()}")


@step("It locks with the screen, as a passphrase protects it, and before the computer is suspended, which waits for it")
def _():
    sotto, desktop = journey.sotto, journey.desktop
    check("CreateMonitor" in " ".join(desktop.lines()), f"it was asked {desktop.lines()}")
    for words in (("screen", "1"), ("hint", "1")):
        desktop.say(*words)
        wait(f"it to be locked by {words}", lambda: is_locked(sotto), 10)
        # Nobody is there who could type it: it stays locked.
        desktop.say(words[0], "0")
        unlock(sotto)
    wait("suspending to wait for it", lambda: desktop.lines()[-1].startswith("Inhibit"), 10)
    desktop.say("sleep", "1")
    wait("suspending to go on", lambda: desktop.lines()[-1] == "released", 10)
    check(is_locked(sotto), "suspending did not wait until it was locked")
    desktop.say("sleep", "0")
    unlock(sotto)
    wait("suspending to wait for it again", lambda: desktop.lines()[-1].startswith("Inhibit"), 10)


@step("Whoever quits while it is locked quits as usual")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+l")
    check(sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    wait("it to ask for its passphrase", lambda: is_locked(sotto))
    journey.desktop.close()
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
