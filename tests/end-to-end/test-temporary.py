"""A chat that is not kept: nothing of it comes to the disk, not even when Sotto is killed; and one that is kept after all."""
import hashlib
import re
import time

import footprints
import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
person.prefer(temperature=0.0, window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")

KEPT = "Say in one word what a Wurzelbrumm is."
SECRET = "Write a long story about the Ankerplumm, in many chapters."
DRAFT = "And what about the Zwiebelfisch?"
PASSING = "Tell me something about the Nebelhorn."

journey = Journey()
step = journey.step
before = {}
seen = ""


def digests():
    """What lies in the folder of the history, byte for byte: a row more would be seen, encrypted or not."""
    folder = person.data_folder()
    return {str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in footprints.list_files([folder]) if "models" not in file.parts}


def has_come_to_rest():
    """Whether nothing is written for longer than anything waits to be."""
    first = digests()
    time.sleep(4)
    return digests() == first


def begin_temporary(sotto, text):
    sotto.keys("ctrl+shift+n")
    sotto.see("label", re.compile("Sotto writes nothing of it to the disk"))
    sotto.write(text)


@step("A conversation that is kept, for comparison")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.write(KEPT)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())


@step("A temporary one begins with a key, and says what it is")
def _():
    global before
    sotto = journey.sotto
    sotto.keys("ctrl+shift+n")
    sotto.see("label", re.compile("Sotto writes nothing of it to the disk"))
    check(sotto.see("toggle button", "Temporary Chat").has_state("PRESSED"), "its button is not pressed")
    wait("the history to rest", has_come_to_rest)
    before = digests()
    check(any(name.endswith("history.db-wal") for name in before), "the history is not there")
    sotto.write(SECRET)
    sotto.see("label", re.compile("^This chat is temporary"))
    sotto.see("button", "Keep This Chat")


@step("It is killed while the reply is written and something is typed: not a byte of the history is another one")
def _():
    global seen
    sotto = journey.sotto
    seen = wait("a good piece of the reply", lambda: (text := sotto.reply()) and len(text) > 150 and text, 120)
    sotto.type(DRAFT)
    wait("the draft", lambda: sotto.composer().text() == DRAFT)
    check(sotto.titles()[0].startswith("Write a long story"), f"it does not stand above: {sotto.titles()}")
    # A draft that is kept is saved after half a second, and the text of a reply after a fourth of one.
    wait("time to pass", lambda: len(sotto.reply()) > len(seen) or not sotto.is_writing())
    time.sleep(1.5)
    sotto.kill()
    after = digests()
    check(after == before, f"changed: {sorted(name for name in set(before) | set(after) if before.get(name) != after.get(name))}")


@step("Nothing of it stands in any file, nor in a file's name")
def _():
    found = footprints.search(person.home(), [SECRET, "Ankerplumm", DRAFT, "Zwiebelfisch", *footprints.pieces(seen)])
    check(not found, "\n".join(found))


@step("The next start knows nothing of it")
def _():
    sotto = journey.sotto = Sotto()
    titles = wait("the list", sotto.titles)
    check(len(titles) == 1 and titles[0].startswith("Say in one word"), f"there are {titles}")
    check(sotto.composer().text() == "", "the draft came back")


@step("Another one is kept, and is there after Sotto was killed at once")
def _():
    global seen
    sotto = journey.sotto
    begin_temporary(sotto, PASSING)
    wait("a beginning", lambda: sotto.reply(), 90)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    seen = sotto.reply()
    sotto.screenshot("temporary-wide")
    sotto.see("button", "Keep This Chat").press()
    sotto.see("label", "The chat is kept now")
    sotto.kill()
    sotto = journey.sotto = Sotto()
    row = sotto.see("list item", re.compile("Nebelhorn"))
    sotto.open(row.name)
    wait("the message", lambda: ("You", PASSING) in sotto.messages())
    check(wait("the reply", sotto.reply) == seen, f"“{seen}” has become “{sotto.reply()}”")
    check(sotto.look().find("button", "Keep This Chat") is None, "it is still called temporary")


@step("What is temporary is not found by the desktop, nor told when Sotto ends")
def _():
    sotto = journey.sotto
    begin_temporary(sotto, SECRET)
    wait("a beginning", lambda: sotto.reply(), 90)
    sotto.keys("ctrl+k")
    sotto.type("Ankerplumm")
    sotto.see("label", "Nothing Found")
    sotto.keys("Escape")
    check(sotto.quit() == 0, "its exit status was not 0")
    found = footprints.search(person.home(), [SECRET, "Ankerplumm"])
    check(not found, "\n".join(found))


if __name__ == "__main__":
    raise SystemExit(journey.run())
