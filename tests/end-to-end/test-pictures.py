"""Pictures and a model that sees: what it sees with is added, pictures are attached and pasted, asked about, there after a restart; a
model that sees none is told so; and of the pictures nothing is left in plain text."""
import json
import os
import pathlib
import re
import tempfile

import colours
import footprints
import person
from person import Journey, Sotto, check, wait

person.enter_desktop("--keyring", "none")
PICTURE = pathlib.Path(os.environ.get("SOTTO_PICTURE") or person.BUILD / "app/picture/sotto-picture")
if not PICTURE.exists():
    person.skip_all("the helper that decodes pictures is not built")
os.environ["SOTTO_PICTURE"] = str(PICTURE)
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=24)
person.need_models("SmolLM2-135M")

# Not below the home, which is searched
place = pathlib.Path(tempfile.mkdtemp(prefix="sotto-pictures.", dir=os.environ["SOTTO_DESKTOP"]))
eyes = place / "mmproj-SmolLM2-135M-Instruct.gguf"
colours.make_eyes(eyes)
MARKERS = ["Wurzelbrumm", "Moosdrungel", "Ankerplumm"]
RED = colours.png((255, 0, 0), MARKERS[0])
GREEN = colours.png((0, 255, 0), MARKERS[1])
(place / "red.png").write_bytes(RED)
# So long that what is read of the conversation is worth keeping
(place / "long.txt").write_text("\n".join(f"The Wurzelbrumm number {i} likes the Moosdrungel of Ankerplumm." for i in range(60)))

PASSPHRASE = "nine blue hedgehogs"
NAME = "SmolLM2 135M Instruct"
QUESTION = "is a colour. Name it."
SEES = re.compile(f"^Model: {NAME}")

journey = Journey()
step = journey.step
out = person.home()[0] / "out"
out.mkdir()


def attach(sotto, path):
    sotto.see("button", "Attach Files…").press()
    sotto.choose("Attach Files", path)
    sotto.see("button", f"Picture: {path.name}")


def ask(sotto, text):
    sotto.click(sotto.composer())
    sotto.send(text)
    return sotto.wait_reply()


def receipts(sotto, name):
    """Of the conversation, from an export of it."""
    sotto.choose_in_menu("win.export-all")
    sotto.see("alert", "Export All").find("button", "Export…").press()
    sotto.choose("Export", out / name)
    sotto.see("label", re.compile("Exported as"))
    document = json.loads((out / name).read_text())
    (out / name).unlink()
    return [json.loads(message["receipt"]) for message in document["conversations"][0]["messages"] if "receipt" in message]


@step("A model sees nothing, and says so of a picture; then a file is added with which it does")
def _():
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Choose a Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Tab")
    sotto.go_to_entry("Passphrase Again")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see("label", "Recovery code")
    sotto.accept_recovery_code()
    sotto.see("toggle button", SEES)
    attach(sotto, place / "red.png")
    sotto.see("label", re.compile("^This model cannot see pictures"))
    sotto.screenshot("pictures-unseen")
    sotto.keys("ctrl+shift+m")
    sotto.see("button", "Add a Model File…").press()
    sotto.choose("Add a Model File", eyes)
    sotto.see("label", f"“{NAME}” can see pictures now")
    sotto.gone("label", re.compile("^This model cannot see pictures"))
    sotto.screenshot("pictures-seen")


@step("Its details say with what it sees, and the list that it does")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+m")
    row = sotto.see("list item", NAME)
    check("Sees pictures" in row.description(), f"the list says {row.description()}")
    sotto.screenshot("pictures-models")
    sotto.look().find("button", f"Details of {NAME}").press()
    dialog = sotto.see("dialog", NAME)
    check(any(eyes.name in (label.name or "") for label in dialog.all("label")), "the details do not name it")
    sotto.screenshot("pictures-details")
    sotto.keys("Escape")
    sotto.gone("dialog", NAME)


@step("It sees that a picture is red")
def _():
    sotto = journey.sotto
    answer = ask(sotto, QUESTION)
    sotto.screenshot("pictures-red")
    check("red" in answer.lower(), f"the reply is “{answer}”")


@step("One that is pasted is green")
def _():
    sotto = journey.sotto
    sotto.click(sotto.composer())
    with colours.Clipboard(GREEN):
        sotto.paste("button", "Picture: Pasted picture.png")
    answer = ask(sotto, QUESTION)
    sotto.screenshot("pictures-green")
    check("green" in answer.lower(), f"the reply is “{answer}”")


@step("A text is attached as well, and nobody looks at the pictures again")
def _():
    sotto = journey.sotto
    sotto.see("button", "Attach Files…").press()
    sotto.choose("Attach Files", place / "long.txt")
    sotto.see("button", re.compile("^long.txt, "))
    check(ask(sotto, "Who likes what?"), "the reply is empty")
    red, green, text = receipts(sotto, "before.sotto")
    check([receipt.get("image_tokens") for receipt in (red, green, text)] == [1, 2, 2], f"of {red}, {green} and {text}")
    check(red["looking_us"] > 0 and green["looking_us"] > 0 and not text.get("looking_us"), f"of {red}, {green} and {text}")
    check(red["vision"] == eyes.name, f"it saw with {red['vision']}")


@step("After a restart they are there, and the conversation goes on with what was seen")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    sotto = journey.sotto = Sotto()
    sotto.go_to_entry("Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    wait("the conversations", sotto.titles)
    sotto.open(sotto.titles()[0])
    sotto.see("button", "Picture: red.png")
    sotto.see("button", "Picture: Pasted picture.png")
    sotto.screenshot("pictures-restarted")
    check(ask(sotto, "And what was the first one?"), "the reply is empty")
    *_, before, last = receipts(sotto, "after.sotto")
    person.note(f"{last['prompt_tokens']} tokens, {last['reused_tokens']} of them read before")
    check(last["reused_tokens"] >= before["prompt_tokens"] > 800, f"of {last['prompt_tokens']} tokens {last['reused_tokens']} were there")
    check(last["image_tokens"] == 2 and not last.get("looking_us"), f"it looked again: {last}")


@step("It is to see with nothing: it is told that there is a picture, and a line above the message says so")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+m")
    sotto.see("button", f"Details of {NAME}").press()
    sotto.see("dialog", NAME)
    sotto.gone("list", "Models")
    sotto.go_to("combo box", "Sees With", "Tab")
    sotto.keys("Return")
    wait("the choice", lambda: any(node.name == "Nothing" for node in sotto.look().walk()))
    sotto.screenshot("pictures-choice")
    sotto.keys("Up", "Return")
    wait("nothing to be chosen", lambda: not any(eyes.name in (node.name or "") for node in sotto.look().all("label")))
    sotto.keys("Escape")
    sotto.gone("dialog", NAME)
    sotto.see("label", re.compile("^This model cannot see pictures"))
    check(ask(sotto, "Do you see it?"), "the reply is empty")
    sotto.screenshot("pictures-blind")
    last = receipts(sotto, "blind.sotto")[-1]
    check(not last.get("image_tokens"), f"it was given a picture: {last}")


@step("Of the pictures no byte lies in plain text anywhere, nor what was said of them")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    found = footprints.search(person.home(), [*MARKERS[:2], QUESTION])
    check(not found, "\n".join(found[:20]))
    for data in (RED, GREEN):
        blocks = [data[at:at + 24].decode("latin-1") for at in range(33, len(data) - 24, 24)]
        files = [file for file in footprints.list_files(person.home()) if any(block.encode("latin-1") in file.read_bytes()
                                                                             for block in blocks)]
        check(not files, f"in {files} there is a part of one")


if __name__ == "__main__":
    raise SystemExit(journey.run())
