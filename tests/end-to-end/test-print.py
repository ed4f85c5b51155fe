"""A conversation is printed into a file with GTK's own dialog; in a sandbox ../flatpak/test-portals.py does the same."""
import subprocess
import sys

import pdf_text
import person
import scripted_model
from person import Journey, Sotto, check, note, wait

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800)

CALL = 'I reckon.\n<tool_call>\n{"name": "calculate", "arguments": {"expression": "(4839 + 12.5) * 2817"}}\n</tool_call>'
# More than a pipe takes at once, which the dialog's own thread reads
ANSWER = "# Bread\n\n1. Mix\n2. Bake\n\n| Loaf | Price |\n|---|---|\n| Rye | Two |\n\n" + "\n\n".join(
    f"Then the baker Grumbelwurz sold the loaf number {n}." for n in range(200))

models = person.data_folder() / "models"
models.mkdir(parents=True)
scripted_model.write(models / "Baker.gguf", CALL, name="Baker", template=scripted_model.TOOLS, answer=ANSWER)
documents = person.home()[0] / "Documents"
documents.mkdir()
(person.home()[0] / ".config").mkdir(exist_ok=True)
(person.home()[0] / ".config/user-dirs.dirs").write_text('XDG_DOCUMENTS_DIR="$HOME/Documents"\n')

journey = Journey()
step = journey.step


def key_in_dialog(*keys):
    """The print dialog is a window of its own, and the newest."""
    found = subprocess.run(["xdotool", "search", "--onlyvisible", "--name", "^Sotto$"], capture_output=True, text=True,
                           timeout=20, check=True).stdout.split()
    subprocess.run(["xdotool", "windowfocus", max(found, key=int), "key", *keys], check=True, timeout=20)


@step("Ctrl+P asks which printer")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.keys("ctrl+shift+f")
    sotto.go_to("check box", "Calculator", "Tab")
    sotto.keys("space", "Escape", "ctrl+l")
    sotto.type("How is bread made?")
    sotto.keys("Return")
    wait("the reply", lambda: "number 199" in sotto.reply())
    sotto.wait_reply()
    sotto.keys("ctrl+p")
    sotto.see("dialog", "Sotto")
    sotto.see("table row", "Print to File")


@step("Closed, it prints nothing and says nothing")
def _():
    sotto = journey.sotto
    sotto.see("button", "Cancel").press()
    sotto.gone("dialog", "Sotto")
    check(sotto.look().find("alert") is None, "it complains")
    check(not list(documents.iterdir()), "it has printed")


@step("Printed, all pages are there, and the window goes on")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+p")
    # The row is another one when a printer has been found meanwhile.
    wait("the printer's row to have the focus",
         lambda: (key_in_dialog("Down"), sotto.see("table row", "Print to File").has_state("FOCUSED"))[1])
    key_in_dialog("space")
    wait("Print to be offered", lambda: sotto.see("button", "Print").has_state("SENSITIVE"))
    sotto.see("button", "Print").press()
    file = documents / "output.pdf"
    wait("the end of the file", lambda: file.exists() and file.read_bytes().rstrip().endswith(b"%%EOF"))
    note(f"{file.stat().st_size} bytes")
    check(file.read_bytes().startswith(b"%PDF-") and file.stat().st_size > 20000, "it is no PDF of several pages")
    check(sotto.look().find("alert") is None, "it complains")
    found = pdf_text.fonts(file)
    note(f"{[piece for piece in found if 'Grumbelwurz' not in piece[1]]}")
    by_words = {words: font for font, piece in found for words in ("How is bread", "Loaf", "Price", "Rye", "Two") if words in piece}
    check(by_words["Loaf"] == by_words["Price"] != by_words["Rye"] == by_words["Two"], f"the table's head looks like its body: {found[:20]}")
    page = pdf_text.pages(file)[0]
    # What was used stands where it was, as the window shows it as long as nobody opens it.
    at = [page.find(piece) for piece in ("I reckon", "Calculator", "(4839 + 12.5) * 2817", "13666675.5", "Mix")]
    check(at[0] > 0 and at == sorted(at), f"what was used is not where it was: {at} in {page[:400]}")
    check(sotto.quit() == 0, "it did not end well")


if __name__ == "__main__":
    sys.exit(journey.run())
