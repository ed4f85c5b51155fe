"""A folder of documents is added, asked, looked at, removed and brought back, by keys alone; the passages that a reply was given
stand under it, and nothing of the documents is left on the disk that can be read."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import footprints
import person
from person import Journey, Sotto, check, wait

person.enter_desktop(programs=("xdotool", "import"))
HELPER = pathlib.Path(os.environ.get("SOTTO_PDF_TEXT") or person.BUILD / "app/pdf/sotto-pdf-text")
if not HELPER.exists():
    person.skip_all("the helper that reads PDFs is not built (poppler is missing)")
os.environ["SOTTO_PDF_TEXT"] = str(HELPER)
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=60)
person.need_models("Qwen2.5-Coder-0.5B")

# Not below the home, which is searched
top = pathlib.Path(tempfile.mkdtemp(prefix="sotto-folders.", dir=os.environ["SOTTO_DESKTOP"]))
place = top / "Lighthouses"
place.mkdir()
made = subprocess.run([sys.executable, pathlib.Path(__file__).parents[1] / "app/pdf_files.py", top], capture_output=True, text=True,
                      timeout=60, check=False)
if made.returncode:
    person.skip_all(f"PDFs cannot be made here: {made.stderr[-200:]}")
for name in ("plain.pdf", "locked.pdf"):
    (top / name).rename(place / name)
(place / "ferry.md").write_text("# The ferry\n\nThe Wurzelbrumm is the boat that goes to the island, at twenty to ten on Tuesdays.\n")

MARKERS = ["Ottilie", "Wurzelbrumm"]
QUESTION = "What is the name of the keeper of the lighthouse?"
NOTHING = "Xylophonspinne?"
FOLDER = "Lighthouses"

journey = Journey()
step = journey.step


def open_dialog(sotto):
    sotto.keys("ctrl+shift+f")
    sotto.see("button", "Document Folders…")
    sotto.go_to("button", "Document Folders…")
    sotto.keys("Return")
    return sotto.see("dialog", "Document Folders")


def row(sotto):
    return sotto.look().find("list item", FOLDER)


@step("A key opens the button beside the message, and a folder is added and asked")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.see("button", re.compile("^Model: Qwen2.5"))
    sotto.see("button", "Documents and Tools")
    sotto.keys("ctrl+shift+f")
    sotto.see("button", "Add a Folder…")
    sotto.go_to("button", "Add a Folder…")
    sotto.keys("Return")
    sotto.choose("Add a Folder of Documents", place)
    sotto.see("button", f"Documents and Tools: {FOLDER}")


@step("The dialog says how many documents were read, and which was not, and why")
def _():
    sotto = journey.sotto
    open_dialog(sotto)
    wait("the folder to be read", lambda: row(sotto) and row(sotto).description() == "2 documents, 1 could not be read", 60)
    sotto.screenshot("folders-dialog")
    sotto.go_to("list item", FOLDER, "Tab")
    sotto.keys("Return")
    sotto.see("button", "Look Again")
    unread = sotto.see("list item", "locked.pdf")
    check("password" in " ".join(node.name for node in unread.walk()), f"it does not say why: {list(unread.lines())}")
    sotto.screenshot("folders-page")
    sotto.keys("Escape")
    wait("the list", lambda: row(sotto))
    sotto.keys("Escape")
    sotto.gone("dialog", "Document Folders")


@step("A question goes with the passage that fits it, which stands under the reply")
def _():
    sotto = journey.sotto
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(QUESTION)
    wait("a reply", sotto.reply, 90)
    answer = sotto.wait_reply()
    check("Ottilie" in answer, f"the reply is “{answer}”")
    chips = wait("its sources", lambda: sotto.look().all(None, re.compile("^Source [0-9]+: ")))
    check(any(re.fullmatch("Source [0-9]+: plain.pdf, pages? [0-9–]+", chip.name) for chip in chips), f"there are {[chip.name for chip in chips]}")
    sotto.screenshot("folders-reply")


@step("Its button opens the passage, by keys alone")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    chip = re.compile("^Source 1: ")
    for _ in range(40):
        node = sotto.focused()
        # The button in a menu button has no name of its own.
        if node is not None and (node.fits(None, chip) or (node.parent is not None and node.parent.fits(None, chip))):
            break
        sotto.keys("shift+Tab")
    else:
        check(False, "the keyboard does not come to it")
    sotto.keys("Return")
    sotto.see("button", "Open Document")
    texts = [node.text() for node in sotto.look().all() if node.has_text]
    check(any("Ottilie" in text for text in texts if text != sotto.reply()), "its text is not there")
    sotto.screenshot("folders-source")
    sotto.keys("Escape")
    sotto.gone("button", "Open Document")


@step("Where nothing fits, that is said")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+n")
    sotto.see("button", "Documents and Tools")
    sotto.keys("ctrl+shift+f")
    sotto.see("check box", FOLDER)
    sotto.keys("space")
    wait("it to be asked", lambda: sotto.look().find("check box", FOLDER).has_state("CHECKED"))
    sotto.keys("Escape")
    sotto.see("button", f"Documents and Tools: {FOLDER}")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(NOTHING)
    sotto.see("label", f"Nothing in “{FOLDER}” fits this question. It was sent without documents.")
    sotto.screenshot("folders-nothing")
    wait("a reply", sotto.reply, 90)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    check(not sotto.look().all(None, re.compile("^Source [0-9]+: ")), "sources stand under the reply")


@step("The folder is removed, and brought back")
def _():
    sotto = journey.sotto
    open_dialog(sotto)
    wait("the folder", lambda: row(sotto))
    sotto.go_to("list item", FOLDER, "Tab")
    sotto.keys("Return")
    sotto.see("button", "Remove From Sotto")
    sotto.go_to("button", "Remove From Sotto", "Tab")
    sotto.keys("Return")
    sotto.see("button", "Undo")
    sotto.gone("list item", FOLDER)
    sotto.screenshot("folders-removed")
    sotto.go_to("button", "Undo", "Tab")
    sotto.keys("Return")
    wait("the folder again", lambda: row(sotto))
    sotto.keys("Escape")
    sotto.gone("dialog", "Document Folders")
    sotto.see("button", f"Documents and Tools: {FOLDER}")


@step("After another start all of it is there")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    sotto = journey.sotto = Sotto()
    sotto.open(QUESTION)
    sotto.see("button", f"Documents and Tools: {FOLDER}")
    wait("its sources", lambda: sotto.look().all(None, re.compile("^Source [0-9]+: plain.pdf, page")))


@step("Nothing of the documents lies in plain text anywhere in the home, the runtime or the temporary folder")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    found = footprints.search(person.home(), MARKERS)
    check(not found, "\n".join(found[:20]))


if __name__ == "__main__":
    raise SystemExit(journey.run())
