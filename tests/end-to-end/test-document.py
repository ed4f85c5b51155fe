"""A PDF is attached to a message by the paper clip, a model is asked what its second page says, and of
its words nothing is left on the disk."""
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
OFFICE = pathlib.Path(os.environ.get("SOTTO_OFFICE_TEXT") or person.BUILD / "app/office/sotto-office-text")
DOCUMENTS = pathlib.Path(__file__).parents[1] / "app/documents"
os.environ["SOTTO_PDF_TEXT"] = str(HELPER)
os.environ["SOTTO_OFFICE_TEXT"] = str(OFFICE)
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=60)
person.need_models("Qwen2.5-Coder-0.5B")

# Not below the home, which is searched
place = pathlib.Path(tempfile.mkdtemp(prefix="sotto-pdf.", dir=os.environ["SOTTO_DESKTOP"]))
made = subprocess.run([sys.executable, pathlib.Path(__file__).parents[1] / "app/pdf_files.py", place], capture_output=True, text=True,
                      timeout=60, check=False)
if made.returncode:
    person.skip_all(f"PDFs cannot be made here: {made.stderr[-200:]}")

MARKERS = ["Ottilie", "lighthouse"]
QUESTION = "According to page 2, what is the name of the keeper?"

journey = Journey()
step = journey.step


def choose(sotto, path):
    sotto.see("button", "Attach Files…").press()
    sotto.choose("Attach Files", path)


def read(sotto, name):
    """What the button with that name opens"""
    sotto.see("button", name).press()
    wait("its text", lambda: sotto.look().find("text", name.split(", ")[0]))
    text = sotto.look().find("text", name.split(", ")[0]).text()
    sotto.keys("Escape")
    sotto.gone("text", name.split(", ")[0])
    return text


@step("The paper clip takes a PDF, which stands above what is written by its name, and opens")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.see("button", re.compile("^Model: Qwen2.5"))
    choose(sotto, place / "plain.pdf")
    sotto.see("button", "plain.pdf, 3 pages")
    sotto.click(sotto.composer())
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.screenshot("document-attached")
    check(sotto.composer().text() == "", f"the composer holds “{sotto.composer().text()}”")
    text = read(sotto, "plain.pdf, 3 pages")
    check(text.startswith("[Page 1]\n"), f"it begins with {text[:80]}")
    check(text.endswith("[Page 3]\nThe third page is the last.\n"), f"it ends with {text[-80:]}")


@step("A text document, with the helper that reads those, stands beside it")
def _():
    if not OFFICE.exists():
        return
    sotto = journey.sotto
    choose(sotto, DOCUMENTS / "libreoffice.odt")
    chip = sotto.see("button", re.compile("^libreoffice.odt, "))
    text = read(sotto, chip.name)
    check("Ottilie Brandt[^1] keeps the inserted lamp." in text, f"it says {text}")
    sotto.screenshot("document-office")
    sotto.see("button", "Remove “libreoffice.odt”").press()
    sotto.gone("button", re.compile("^libreoffice.odt, "))
    choose(sotto, DOCUMENTS / "libreoffice.doc")
    alert = sotto.see("alert", "This File Cannot Be Used")
    check(any("“libreoffice.doc” is in an old format" in node.text() or "" for node in alert.all("label")), "it does not say why")
    sotto.keys("Escape")
    sotto.gone("alert")


@step("It is taken off, and comes back")
def _():
    sotto = journey.sotto
    sotto.see("button", "Remove “plain.pdf”").press()
    sotto.gone("button", "plain.pdf, 3 pages")
    sotto.see("button", "Undo").press()
    sotto.see("button", "plain.pdf, 3 pages")


@step("It waits with the draft over a restart")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    sotto = journey.sotto = Sotto()
    sotto.see("button", "plain.pdf, 3 pages")


@step("The model says what stands on page 2, and the PDF stands above the question")
def _():
    sotto = journey.sotto
    sotto.click(sotto.composer())
    sotto.type(QUESTION)
    wait("the question", lambda: QUESTION in sotto.composer().text())
    sotto.keys("Return")
    wait("a reply", sotto.reply, 90)
    answer = sotto.wait_reply()
    check("Ottilie" in answer, f"the reply is “{answer}”")
    check(sotto.look().find("button", "Remove “plain.pdf”") is None, "it can be taken off a message that was sent")
    check("Ottilie" in read(sotto, "plain.pdf, 3 pages"), "it does not open")
    sotto.screenshot("document-sent")
    sotto.click(sotto.composer())


@step("One with a password is refused in words, and what was written stays")
def _():
    sotto = journey.sotto
    sotto.type("A beginning")
    choose(sotto, place / "locked.pdf")
    alert = sotto.see("alert", "This File Cannot Be Used")
    check(any("“locked.pdf” opens with a password only" in node.text() or "" for node in alert.all("label")), "it does not say why")
    sotto.screenshot("document-refused")
    sotto.keys("Escape")
    sotto.gone("alert")
    check(sotto.composer().text() == "A beginning", f"the composer holds “{sotto.composer().text()}”")


@step("A long one shows how far it is, and can be given up")
def _():
    sotto = journey.sotto
    choose(sotto, place / "bomb.pdf")
    sotto.see("progress bar", "bomb.pdf")
    sotto.screenshot("document-reading")
    sotto.resize(360, 720)
    wait("the narrow window", lambda: sotto.look().find("button", "Show Conversations"))
    sotto.screenshot("document-reading-narrow", 360, 720)
    sotto.resize(1300, 800)
    # The window answers meanwhile.
    sotto.type(" and more")
    wait("what was typed", lambda: sotto.composer().text() == "A beginning and more")
    sotto.see("button", "Do Not Attach This File").press()
    sotto.gone("progress bar", "bomb.pdf")
    check(sotto.look().find("alert") is None, "it complains")
    check(sotto.composer().text() == "A beginning and more", f"the composer holds “{sotto.composer().text()}”")
    # Nothing is left of what read it.
    running = subprocess.run(["ps", "-A", "-o", "ppid=,comm="], capture_output=True, text=True, timeout=20, check=True).stdout
    check(not re.search(rf"^ *{sotto.pid} sotto-pdf", running, re.M), "its process is still there")


@step("Nothing of the document lies in plain text anywhere in the home, the runtime or the temporary folder")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    found = footprints.search(person.home(), MARKERS)
    check(not found, "\n".join(found[:20]))
    for path in (path for folder in person.home() for path in folder.rglob("recently-used.xbel")):
        check(not re.search(r"plain\.pdf|libreoffice|locked\.pdf", path.read_text()), f"{path} says {path.read_text()}")


if __name__ == "__main__":
    raise SystemExit(journey.run())
