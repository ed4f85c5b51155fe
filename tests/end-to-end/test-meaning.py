"""A question in other words than the document's: with an embedding model beside the one that writes, the passages of a folder get
vectors while nothing else goes on, the right one stands under the reply, and another start makes none of them again.

Whether the embedding model is open is read from the maps of the process; it stays so for half a minute after the last need.
"""
import os
import pathlib
import re
import tempfile
import time

import footprints
import person
from person import Journey, Sotto, check, wait

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=24)
person.need_models("SmolLM2-135M", "all-MiniLM-L6-v2")

# Not below the home, which is searched
top = pathlib.Path(tempfile.mkdtemp(prefix="sotto-meaning.", dir=os.environ["SOTTO_DESKTOP"]))
place = top / "Island"
place.mkdir()
TEXTS = {
    "harbour.md": "The harbour is closed from November to March, as the ice is too thick for ferries.",
    "lighthouse.md": "The keeper is called Ingeborg. She winds the clockwork every four hours.",
    "bread.md": "Knead the dough for ten minutes, let it rise under a cloth, and bake it until the crust is brown.",
    "sheep.md": "Forty sheep graze on the northern meadow, and their wool is spun by the sisters Wurzelbrumm.",
    "school.md": "Seven children learn to read and to count; their teacher plays the organ on Sundays.",
    "chapel.md": "The chapel was built of grey stone in 1784, and its bell came from Bergen.",
    "invoices.md": "Invoices are paid within thirty days by bank transfer; reminders cost five crowns.",
    "tractor.md": "Replace the oil filter of the tractor every two hundred hours and tighten the bolts.",
    "fox.md": "A fox took three hens, so the fence was mended with new wire.",
    "library.md": "The library lends novels and atlases for four weeks; dictionaries stay in the reading room.",
    "fever.md": "Patients with fever drink plenty of water and rest in a dark room.",
    "council.md": "Elections to the council are held every fourth spring, by secret ballot.",
    "telescope.md": "The telescope shows the rings of Saturn on clear winter nights.",
    "plums.md": "Plum trees are pruned in July and their fruit is dried on wooden racks.",
    "football.md": "The football team lost all of its matches but drew the last one.",
}
for name, text in TEXTS.items():
    (place / name).write_text(text + "\n")

QUESTION = "In which season can boats not land?"
AGAIN = "Who makes yarn out of fleece?"
MARKERS = ["Ingeborg", "Wurzelbrumm"]
FOLDER = "Island"
QUIET = 1      # seconds

journey = Journey()
step = journey.step


def is_open(sotto):
    return "all-MiniLM" in pathlib.Path(f"/proc/{sotto.pid}/maps").read_text()


def settle(sotto):
    """Waits until it does nothing."""
    def ticks():
        fields = pathlib.Path(f"/proc/{sotto.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def is_quiet():
        before = ticks()
        time.sleep(QUIET)
        return ticks() - before <= 1
    wait("it to have nothing to do", is_quiet, 60)


def sources(sotto):
    return [node.name for node in sotto.look().all(None, re.compile("^Source [0-9]+: "))]


@step("The model that finds is none to chat with")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    picker = sotto.see("toggle button", re.compile("^Model: SmolLM2"))
    picker.press()
    rows = wait("the models", lambda: (found := sotto.look().find(None, "Models")) and found.all("list item"))
    check(not [row.name for row in rows if "MiniLM" in row.name and row.has_state("SENSITIVE")],
          f"there are {[row.name for row in rows]}")
    sotto.keys("Escape")


@step("A folder is added, and its passages get vectors")
def _():
    sotto = journey.sotto
    sotto.see("button", "Documents and Tools")
    sotto.keys("ctrl+shift+f")
    sotto.see("button", "Add a Folder…")
    sotto.go_to("button", "Add a Folder…")
    sotto.keys("Return")
    sotto.choose("Add a Folder of Documents", place)
    sotto.see("button", f"Documents and Tools: {FOLDER}")
    wait("the embedding model to be opened", lambda: is_open(sotto))
    settle(sotto)


@step("What says it in other words is what the reply is given first")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(QUESTION)
    wait("a reply", sotto.reply, 90)
    sotto.wait_reply()
    found = wait("its sources", lambda: sources(sotto))
    check(found[0] == "Source 1: harbour.md", f"there are {found}")
    sotto.screenshot("meaning-reply")
    # What was said gets vectors, too, as soon as nothing else goes on.
    settle(sotto)


@step("After another start nothing is made again, and it is found as before")
def _():
    # What was said last may not have got its vectors before the end; a start that has nothing left to do comes soon.
    for _ in range(3):
        check(journey.sotto.quit() == 0, "it did not end well")
        sotto = journey.sotto = Sotto()
        sotto.open(QUESTION)
        sotto.see("button", f"Documents and Tools: {FOLDER}")
        settle(sotto)
        if not is_open(sotto):
            break
    check(not is_open(sotto), "the embedding model was needed")
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(AGAIN)
    # A question of few words is asked behind the one before, too.
    wait("the passage on the sisters", lambda: [name for name in sources(sotto) if name.endswith(": sheep.md")], 90)
    check(is_open(sotto), "the embedding model was not needed")
    sotto.wait_reply()


@step("Nothing of the documents lies in plain text anywhere in the home, the runtime or the temporary folder")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    found = footprints.search(person.home(), MARKERS)
    check(not found, "\n".join(found[:20]))


if __name__ == "__main__":
    raise SystemExit(journey.run())
