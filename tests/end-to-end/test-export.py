"""Conversations leave Sotto as files and come into another one, and all of them as a backup, with the keys, file dialogs and
toasts of a person."""
import html
import json
import os
import pathlib
import re
import shutil
import subprocess

import person
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import", "secret-tool"))
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=24)
person.need_models("SmolLM2-135M")

QUESTION = "Where does Wurzelbrumm keep his keys?"
OTHER = "And who is Fennwurz, pray?"
TOLD = "Be as brief as Mumpelkraut."
SCHEMA = "io.github.sotto_chat.Sotto.History"
# In the order in which they are asked for
PROGRAMS = ("Sotto", "ChatGPT", "Claude", "Open WebUI", "LM Studio")

journey = Journey()
step = journey.step
IMPORTS = pathlib.Path(__file__).parents[1] / "app" / "imports"
out = person.home()[0] / "out"
out.mkdir()
replies = {}
code = ""


def import_from(sotto, program, path):
    """Ctrl+O, the program it is from, and GTK's file dialog, by keys alone"""
    sotto.keys("ctrl+o")
    wait("the first program to have the focus", lambda: (row := sotto.focused()) and row.fits("list item", re.compile("^Sotto")))
    for before in range(PROGRAMS.index(program)):
        sotto.keys("Down")
        wait("the next program", lambda: (row := sotto.focused()) and row.fits("list item", re.compile(f"^{PROGRAMS[before + 1]}")))
    sotto.keys("Return")
    sotto.choose("Import", path)


def toast(sotto, words):
    sotto.see("label", re.compile(words))


def begin():
    journey.sotto = Sotto()
    return journey.sotto


@step("Two conversations are held")
def _():
    sotto = begin()
    sotto.accept_recovery_code()
    sotto.see("button", re.compile("SmolLM2"))
    for text in (OTHER, QUESTION):
        sotto.write(text)
        replies[text] = sotto.wait_reply()
        check(replies[text], "the reply is empty")
        if text == OTHER:
            sotto.keys("ctrl+n")
            sotto.see("label", "What Is on Your Mind?")


@step("Ctrl+Shift+E asks what for, says that it is not encrypted, and writes Markdown that reads as it was said")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+e")
    alert = sotto.see("alert", "Export Conversation")
    check(alert.find("label", "The file is not encrypted: whoever has it can read it.") is not None, "it does not say so")
    alert.find("button", "Export…").press()
    sotto.choose("Export", out / "keys.md")
    toast(sotto, "Exported as “keys.md”, not encrypted")
    text = (out / "keys.md").read_text()
    check(text.startswith(f"# {QUESTION}\n\n*"), f"it begins with {text[:80]}")
    check(f"\n## You\n\n{QUESTION}\n\n## SmolLM2" in text, f"the question is not in {text}")
    # On the screen, Markdown is widgets: compared are the words.
    words = re.findall(r"\w+", replies[QUESTION])
    check(words == re.findall(r"\w+", text.split("## SmolLM2", 1)[1].split("\n", 1)[1])[:len(words)], f"the reply is not in {text}")
    check((out / "keys.md").stat().st_mode & 0o077 == 0, "others may read it")


@step("By keys alone it is a page of the web, which asks for nothing")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+e")
    alert = sotto.see("alert", "Export Conversation")
    wait("Markdown to be chosen", lambda: (choice := sotto.look().find("radio button", "Markdown")) and choice.has_state("CHECKED"))
    sotto.go_to("list item", "Web Page", "Tab")
    sotto.keys("space")
    wait("the page to be chosen", lambda: sotto.see("radio button", "Web Page").has_state("CHECKED"))
    sotto.screenshot("page")
    alert.find("button", "Export…").press()
    sotto.choose("Export", out / "keys.html")
    toast(sotto, "Exported as “keys.html”, not encrypted")
    text = (out / "keys.html").read_text()
    check(text.startswith("<!DOCTYPE html>\n") and text.endswith("</html>\n"), f"it is no page: {text[:80]}")
    check("default-src 'none'" in text and "<script" not in text, "it may ask for something")
    shown = re.findall(r"\w+", html.unescape(re.sub("<[^>]*>", " ", text.split("<main>", 1)[1])))
    said = ["You"] + re.findall(r"\w+", QUESTION)
    check(shown[:len(said)] == said, f"the question is not in {shown}")
    check([word for word in shown if word in replies[QUESTION]], f"the reply is not in {shown}")
    check((out / "keys.html").stat().st_mode & 0o077 == 0, "others may read it")


def open_instructions(sotto):
    """The menu of the conversation: Find in Conversation…, Instructions…"""
    sotto.see("button", "Conversation Menu").press()
    wait("the menu", lambda: len(sotto.look().all("menu item")) >= 6)
    sotto.keys("i")
    view = sotto.see("text", "Instructions")
    wait("it to have the focus", lambda: view.has_state("FOCUSED"))
    return view


@step("The model of one of them is told something first")
def _():
    sotto = journey.sotto
    sotto.open(OTHER)
    open_instructions(sotto)
    sotto.type(TOLD)
    wait("what was typed", lambda: sotto.see("text", "Instructions").text() == TOLD)
    sotto.keys("Escape")
    sotto.gone("text", "Instructions")


@step("All are exported from the menu into one file")
def _():
    sotto = journey.sotto
    sotto.choose_in_menu("win.export-all")
    alert = sotto.see("alert", "Export All")
    alert.find("button", "Export…").press()
    sotto.choose("Export", out / "all.sotto")
    toast(sotto, "Exported as “all.sotto”")
    document = json.loads((out / "all.sotto").read_text())
    check(document["format"] == "sotto-conversations" and document["version"] == 1, f"it is {list(document.items())[:2]}")
    check([conversation["title"] for conversation in document["conversations"]] == [QUESTION, OTHER], "not in their order")
    said = [[part["text"] for message in conversation["messages"] for part in message["parts"]]
            for conversation in document["conversations"]]
    check(document["conversations"][1]["messages"][0]["role"] == "system" and said[1].pop(0) == TOLD, f"it is told {said[1]}")
    check([texts[0] for texts in said] == [QUESTION, OTHER] and all(len(texts) == 2 for texts in said), f"it says {said}")
    receipt = json.loads(document["conversations"][0]["messages"][1]["receipt"])
    check(receipt, "a reply has no receipt")
    told = [line.strip() for line in (out / "all.sotto").read_text().splitlines() if str(person.home()[0]) in line]
    check(not told, f"it tells where the person's home is: {told}")


@step("Imported where it comes from, nothing is doubled")
def _():
    sotto = journey.sotto
    import_from(sotto, "Sotto", out / "all.sotto")
    toast(sotto, "Nothing new: all of it is here already")
    wait_same("the length of the list", lambda: len(sotto.titles()), 2)
    check(sotto.quit() == 0, "it did not end well")


@step("No list of recent files names what was exported or imported")
def _():
    lists = [path for folder in person.home() for path in folder.rglob("recently-used.xbel")]
    for path in lists:
        check(not re.search("keys|sotto\"|Wurzelbrumm", path.read_text()), f"{path} says {path.read_text()}")


def lose_history():
    for path in person.data_folder().iterdir():
        if path.name != "models":
            path.unlink() if path.is_file() else shutil.rmtree(path)


@step("Another history has everything from the file, and Undo takes it away again")
def _():
    global code
    lose_history()
    sotto = begin()
    code = sotto.accept_recovery_code()
    import_from(sotto, "Sotto", out / "all.sotto")
    toast(sotto, "2 conversations imported")
    wait_same("the list", sotto.titles, [QUESTION, OTHER])
    wait("the first one's messages", lambda: sotto.messages()[:1] == [("You", QUESTION)])
    wait_same("the reply", sotto.reply, replies[QUESTION])
    sotto.see("button", "Undo").press()
    wait_same("the list", sotto.titles, [])
    sotto.see("label", "What Is on Your Mind?")
    check(sotto.quit() == 0, "it did not end well")


@step("Started with the file it imports it; the next start has it, and exports the same bytes")
def _():
    journey.sotto = sotto = Sotto(arguments=(str(out / "all.sotto"),))
    toast(sotto, "2 conversations imported")
    check(sotto.quit() == 0, "it did not end well")
    sotto = begin()
    wait_same("the list", sotto.titles, [QUESTION, OTHER])
    sotto.open(OTHER)
    wait_same("the reply", sotto.reply, replies[OTHER])
    check(open_instructions(sotto).text() == TOLD, "what its model is told first did not come along")
    sotto.keys("Escape")
    sotto.gone("text", "Instructions")
    sotto.choose_in_menu("win.export-all")
    sotto.see("alert", "Export All").find("button", "Export…").press()
    sotto.choose("Export", out / "again.sotto")
    toast(sotto, "Exported as “again.sotto”")
    check((out / "again.sotto").read_bytes() == (out / "all.sotto").read_bytes(), "other bytes")


@step("Conversations of other programs come by their folder, with what was left out of them, and are there at the next start")
def _():
    sotto = journey.sotto
    import_from(sotto, "LM Studio", IMPORTS / "lm-studio")
    alert = sotto.see("alert", "Conversations Imported")
    for words in ("1 conversation imported from LM Studio", "1 picture was left out", "1 file without text was left out", "2 steps of tools were left out"):
        check(any(words in node.name for node in alert.walk()), f"it does not say “{words}” but {sotto.screen()}")
    sotto.screenshot("imported")
    alert.find("button", "Close").press()
    sotto.gone("alert")
    wait("its messages", lambda: sotto.messages()[:1] == [("You", "Name a river.")])
    check(sotto.quit() == 0, "it did not end well")
    sotto = begin()
    wait_same("the list", sotto.titles, [QUESTION, OTHER, "Unnamed Chat"])
    sotto.open("Unnamed Chat")
    wait("its messages", lambda: [text for who, text in sotto.messages() if who == "You"] == ["Name a river.", "Another."])


@step("Imported again, nothing of them is doubled")
def _():
    sotto = journey.sotto
    import_from(sotto, "LM Studio", IMPORTS / "lm-studio")
    alert = sotto.see("alert", "Nothing Imported")
    check(any("Nothing new: all of it is here already" in node.name for node in alert.walk()), f"it says {sotto.screen()}")
    alert.find("button", "Close").press()
    sotto.gone("alert")
    wait_same("the list", sotto.titles, [QUESTION, OTHER, "Unnamed Chat"])


@step("A file that was cut off is refused by name, and everything is as it was")
def _():
    sotto = journey.sotto
    whole = (out / "all.sotto").read_bytes()
    (out / "cut.sotto").write_bytes(whole[:len(whole) // 2])
    Sotto(arguments=(str(out / "cut.sotto"),), settle=False).ended()
    alert = sotto.see("alert", "Import Failed")
    check(any("cut.sotto" in node.name and "damaged" in node.name for node in alert.walk()), f"it says {sotto.screen()}")
    alert.find("button", "Close").press()
    sotto.gone("alert")
    wait_same("the list", sotto.titles, [QUESTION, OTHER, "Unnamed Chat"])
    check(sotto.quit() == 0, "it did not end well")


@step("A backup is one file that says nothing, and what opens it is said before")
def _():
    sotto = begin()
    wait_same("the list", sotto.titles, [QUESTION, OTHER, "Unnamed Chat"])
    sotto.choose_in_menu("win.back-up")
    alert = sotto.see("alert", "Back Up")
    check(any("opens with the recovery code" in node.name for node in alert.walk()), f"it says {sotto.screen()}")
    sotto.screenshot("back-up")
    alert.find("button", "Back Up…").press()
    sotto.choose("Back Up", out / "all.sotto-backup")
    toast(sotto, "Backed up as “all.sotto-backup”, encrypted")
    whole = (out / "all.sotto-backup").read_bytes()
    check(b"Wurzelbrumm" not in whole and b"SQLite" not in whole, "it can be read")
    check((out / "all.sotto-backup").stat().st_mode & 0o077 == 0, "others may have it")
    check(sotto.quit() == 0, "it did not end well")


@step("When the history and its key are lost, the recovery code and the backup bring everything back")
def _():
    lose_history()
    subprocess.run(["secret-tool", "clear", "xdg:schema", SCHEMA], check=True, timeout=20)
    sotto = begin()
    check(sotto.accept_recovery_code() != code, "a new history has the code of the old one")
    wait_same("the list", sotto.titles, [])
    sotto.choose_in_menu("win.restore")
    sotto.see("alert", "Restore From a Backup").find("button", "Choose a Backup…").press()
    sotto.choose("Restore From a Backup", out / "all.sotto-backup")
    sotto.see("button", "Restore")
    sotto.screenshot("restore")
    sotto.go_to_entry("Recovery Code")
    sotto.type(code)
    sotto.keys("Return")
    toast(sotto, "The backup is restored")
    wait_same("the list", sotto.titles, [QUESTION, OTHER, "Unnamed Chat"])
    sotto.open(OTHER)
    wait_same("the reply", sotto.reply, replies[OTHER])
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    sotto.write("Are you still there?")
    check(sotto.wait_reply(), "it does not answer any more")
    check(sotto.quit() == 0, "it did not end well")
    sotto = begin()
    wait_same("the list", sotto.titles, ["Are you still there?", QUESTION, OTHER, "Unnamed Chat"])
    check(sotto.quit() == 0, "it did not end well")


raise SystemExit(journey.run())
