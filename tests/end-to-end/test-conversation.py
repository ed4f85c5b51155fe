"""A first conversation, from the first start to the second: typed, sent, stopped, edited, found again.

The whole run stands under strace, and afterwards the whole home is searched: what it did with sockets
and what it left on the disk are test cases too.
"""
import os
import pathlib
import re
import shutil
import tempfile

import footprints
import person
from person import Failed, Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("strace", "xdotool", "import"))
# The same words at every run; and a window that fills the screen.
person.prefer(temperature=0.0, window_width=1300, window_height=800)
person.need_models("Qwen2.5-Coder-0.5B", "SmolLM2-135M")

# What is typed. Each holds a word that stands nowhere else on a disk.
FIRST = "What is the capital of France? My cat is called Zwirbelquast."
LONG = "Write a long Python program called Ankerplumm with twenty functions. Explain each."
EDITED = "Write a long Python program called Gribbelwick with twenty functions. Explain each."
TINY = "Tell me about the river Moosdrungel."
SECOND = "Explain in ten long paragraphs why the sky is blue, as professor Quendelfax would."
TOLD = "Speak like captain Hagelstrunk, in short sentences."
TITLE = "Lighthouses and Fennwurz"
DRAFT = "A draft about Schnorzelbach"
MARKERS = ["Zwirbelquast", "Ankerplumm", "Gribbelwick", "Moosdrungel", "Quendelfax", "Fennwurz", "Hagelstrunk",
           "Schnorzelbach"]

journey = Journey()
step = journey.step
answers = []       # everything a model has said
traces = []        # what strace wrote: not below the home, which is searched
scratch = pathlib.Path(tempfile.mkdtemp(prefix="sotto-trace.", dir=os.environ["SOTTO_DESKTOP"]))


def start():
    traces.append(scratch / f"trace-{len(traces)}")
    journey.sotto = Sotto(trace=traces[-1])
    return journey.sotto


def keep(answer):
    check(answer.strip() != "", "the reply is empty")
    answers.append(answer)
    return answer


def long_reply(sotto):
    """Waits until a reply has grown by a few lines, which are looked for later, and is still being written; its text then."""
    first = wait("the beginning of the reply", sotto.reply, 90)
    return wait("the reply to grow", lambda: sotto.is_writing() and len(sotto.reply()) > len(first) + 200
                and sotto.reply())


def stop(sotto):
    """Waits for the beginning of the reply to the last message, and stops it if it goes on: how much it has to say is its own business."""
    wait("the beginning of the reply", lambda: (said := sotto.messages()) and said[-1][0] == "Reply" and said[-1][1], 90)
    sotto.keys("Escape")
    wait("the end", lambda: not sotto.is_writing())
    return keep(sotto.reply())


@step("The first start shows a window and, once, the recovery code")
def _():
    sotto = start()
    alert = sotto.see("alert", "Keep Your Recovery Code")
    code = wait("the code", lambda: sotto.look().find("label", "Recovery code")).text().replace("\n", "")
    groups = code.split("-")
    check(len(groups) >= 6 and all(re.fullmatch("[0-9A-Z]{5}", group) for group in groups),
          f"“{code}” does not look like a recovery code")
    check(alert.find("button", "Copy Recovery Code") is not None, "the code cannot be copied")
    answers.append(code)
    sotto.screenshot("recovery-code")
    alert.find("button", "I Have Written It Down").press()
    sotto.gone("alert")


@step("An empty conversation invites, the composer waits for what is typed, the model is named")
def _():
    sotto = journey.sotto
    sotto.see("label", "What Is on Your Mind?")
    sotto.see("button", re.compile("^Model: Qwen2.5"))
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    check(not sotto.see("button", "Send").has_state("SENSITIVE"), "nothing can be sent, and yet Send can be pressed")
    sotto.screenshot("empty-wide")


@step("Typing and Enter send a message, and empty the composer")
def _():
    sotto = journey.sotto
    sotto.write(FIRST)
    wait("the composer to be empty", lambda: sotto.composer().text() == "")
    wait("the title in the list", lambda: any("capital of France" in title for title in sotto.titles()))


@step("The reply ends by itself and says Paris")
def _():
    answer = wait("a reply", journey.sotto.reply, 90)
    answer = keep(journey.sotto.wait_reply())
    check("Paris" in answer, f"the reply is “{answer}”")
    journey.sotto.see("button", "Send")


@step("A long reply is seen growing")
def _():
    sotto = journey.sotto
    sotto.write(LONG)
    long_reply(sotto)
    sotto.screenshot("writing-wide")


@step("Escape stops it, and what was written stays")
def _():
    sotto = journey.sotto
    before = sotto.reply()
    sotto.keys("Escape")
    sotto.see("label", "Stopped")
    sotto.see("button", "Send")
    after = keep(sotto.reply())
    check(after.startswith(before[:40]), f"“{before[:40]}…” has become “{after[:40]}…”")


@step("Another reply is a second version, and one goes back to the first")
def _():
    sotto = journey.sotto
    first = sotto.reply()
    sotto.look().all("button", "Write Another Reply")[-1].press()
    wait("the reply to begin anew", lambda: sotto.is_writing() and sotto.reply() != first)
    long_reply(sotto)
    sotto.see("button", "Stop").press()
    sotto.see("label", "2/2")
    wait("the end", lambda: not sotto.is_writing())
    second = keep(sotto.reply())
    sotto.see("button", "Previous Version").press()
    sotto.see("label", "1/2")
    wait_same("the first version", sotto.reply, first)
    sotto.see("button", "Next Version").press()
    sotto.see("label", "2/2")
    wait_same("the second version", sotto.reply, second)


@step("The arrow up edits the last message, Enter sends it again as a second version")
def _():
    sotto = journey.sotto
    wait("the composer", lambda: sotto.composer().text() == "")
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.keys("Up")
    editor = sotto.see("text", "Edited message")
    check(editor.text() == LONG, f"the editor holds “{editor.text()}”")
    wait("the editor to have the focus", lambda: sotto.see("text", "Edited message").has_state("FOCUSED"))
    sotto.keys("ctrl+a")
    sotto.type(EDITED)
    wait("the new words", lambda: sotto.see("text", "Edited message").text() == EDITED)
    sotto.keys("Return")
    wait("the edited message", lambda: any(who == "You" and EDITED in text for who, text in sotto.messages()))
    check(not any(LONG in text for _, text in sotto.messages()), "the message before editing is still there")
    stop(sotto)


@step("Ctrl+Shift+M offers the models, and the tiny one takes over")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+m")
    sotto.see("list item", re.compile("^SmolLM2"))
    sotto.screenshot("models-wide")
    sotto.go_to("list item", re.compile("^SmolLM2"))
    sotto.keys("Return")
    sotto.see("button", re.compile("^Model: SmolLM2"))
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(TINY)
    stop(sotto)


@step("F2 renames the conversation")
def _():
    sotto = journey.sotto
    sotto.keys("F2")
    sotto.see("alert", "Rename Conversation")
    wait("the title to have the focus", lambda: any(
        node.has_state("FOCUSED") for node in sotto.see("alert", "Rename Conversation").all("text")))
    sotto.keys("ctrl+a")
    sotto.type(TITLE)
    sotto.keys("Return")
    sotto.gone("alert")
    wait("the title in the list", lambda: TITLE in sotto.titles())
    sotto.see("label", TITLE)


def open_instructions(sotto):
    """The menu of the conversation: Find in Conversation…, Instructions…"""
    sotto.see("button", "Conversation Menu").press()
    wait("the menu", lambda: len(sotto.look().all("menu item")) >= 6)
    sotto.keys("i")
    return sotto.see("text", "Instructions")


@step("What a conversation tells its model first is in its menu, and holds as soon as it is typed")
def _():
    sotto = journey.sotto
    check(open_instructions(sotto).text() == "", "it has been told something")
    wait("the text to have the focus", lambda: sotto.see("text", "Instructions").has_state("FOCUSED"))
    sotto.type(TOLD)
    wait("what was typed", lambda: sotto.see("text", "Instructions").text() == TOLD)
    sotto.screenshot("instructions-wide")
    sotto.keys("Escape")
    sotto.gone("text", "Instructions")


@step("Ctrl+N begins another conversation beside it")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")
    sotto.write(SECOND)
    stop(sotto)
    wait("both in the list", lambda: len(sotto.titles()) == 2)


def search(sotto, words):
    sotto.keys("ctrl+k")
    wait("the search to have the focus", lambda: any(
        node.has_state("FOCUSED") for node in sotto.see("entry", "Search all conversations").walk()))
    sotto.keys("ctrl+a")
    sotto.type(words)
    return wait(f"a result for “{words}”", lambda: (sotto.look().find(None, "Search Results")
                                                   or sotto.look()).all("list item", re.compile(".")))


@step("Ctrl+K finds a conversation by a word in it, and opens it there")
def _():
    sotto = journey.sotto
    search(sotto, "Moosdrungel")
    sotto.see("list item", TITLE, within=lambda root: root.find(None, "Search Results"))
    sotto.screenshot("search-wide")
    sotto.go_to("list item", TITLE)
    sotto.keys("Return")
    wait("the message that was found", lambda: ("You", TINY) in sotto.messages())


@step("A title is found too, and Escape ends the search")
def _():
    sotto = journey.sotto
    search(sotto, "Fennwurz")
    sotto.see("list item", TITLE, within=lambda root: root.find(None, "Search Results"))
    sotto.keys("Escape")
    wait("the list", lambda: len(sotto.titles()) == 2)


@step("The menu deletes the conversation")
def _():
    sotto = journey.sotto
    sotto.see("label", TITLE)
    row = sotto.see("list item", TITLE, within=lambda root: root.find(None, "Conversations"))
    row.find("button", "Conversation Menu").press()
    wait("the menu", lambda: len(sotto.look().all("menu item")) >= 2)
    sotto.look().all("menu item")[-1].press()
    wait("it to go from the list", lambda: sotto.titles() != [] and TITLE not in sotto.titles())
    sotto.screenshot("deleted-wide")


@step("Undo brings it back, with everything in it")
def _():
    sotto = journey.sotto
    sotto.see("button", "Undo").press()
    wait("it in the list", lambda: TITLE in sotto.titles())
    wait("its messages", lambda: ("You", TINY) in sotto.messages())


@step("Ctrl+, opens the preferences, Escape closes them")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+comma")
    sotto.see("dialog", re.compile("Preferences"))
    sotto.see("check box", "Keep Models Open")
    sotto.screenshot("preferences-wide")
    sotto.keys("Escape")
    sotto.gone("dialog", re.compile("Preferences"))


@step("A narrow window of 360 by 720 shows the conversation alone")
def _():
    sotto = journey.sotto
    sotto.resize(360, 720)
    sotto.see("button", "Show Conversations")
    wait_same("the list", sotto.titles, [])
    wait("the messages", sotto.messages)
    sotto.screenshot("conversation-narrow", 360, 720)
    sotto.keys("F9")
    wait("the list", lambda: len(sotto.titles()) == 2)
    sotto.screenshot("list-narrow", 360, 720)
    sotto.keys("F9")
    wait_same("the list", sotto.titles, [])
    sotto.resize(1300, 800)
    wait("the list", lambda: len(sotto.titles()) == 2)


@step("What is typed and not sent stays as a draft, and Ctrl+Q ends Sotto")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.type(DRAFT)
    wait("the draft", lambda: sotto.composer().text() == DRAFT)
    status = sotto.quit()
    check(status == 0, f"its exit status was {status}")


@step("The second start finds the conversations, and shows no recovery code")
def _():
    sotto = start()
    wait("both in the list", lambda: len(sotto.titles()) == 2)
    check(TITLE in sotto.titles(), f"the list has {sotto.titles()}")
    check(sotto.look().find("alert") is None, "a dialog is shown")
    sotto.see("list item", TITLE, within=lambda root: root.find(None, "Conversations"))


@step("Where the tooltip of one row lies over the next, a click goes to the row")
def _():
    sotto = journey.sotto
    rows = sotto.look().find(None, "Conversations").all("list item")
    check(rows[1].name == TITLE, f"the list has {sotto.titles()}")
    sotto.point(rows[0])
    wait("the tooltip of a title that is cut", sotto.has_tooltip)
    sotto.click(rows[1])
    wait("its messages", lambda: ("You", TINY) in sotto.messages())
    sotto.keys("ctrl+n")
    sotto.see("label", "What Is on Your Mind?")


@step("Its messages, its replies, its model and its draft are as they were")
def _():
    sotto = journey.sotto
    search(sotto, "Moosdrungel")
    sotto.go_to("list item", TITLE)
    sotto.keys("Return")
    wait("its messages", lambda: ("You", TINY) in sotto.messages())
    wait("the draft", lambda: sotto.composer().text() == DRAFT)
    sotto.see("button", re.compile("^Model: SmolLM2"))
    sotto.keys("Escape")
    wait_same("the last reply", sotto.reply, answers[-2])
    check(open_instructions(sotto).text() == TOLD, "what its model is told first has been forgotten")
    sotto.keys("Escape")
    sotto.gone("text", "Instructions")
    sotto.screenshot("again-wide")


@step("A message's button goes on from there in a new chat, with all that led to it")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+k")
    sotto.keys("Escape")
    wait("the list instead of the search", lambda: len(sotto.titles()) == 2)
    before = sotto.messages()
    sotto.look().all("button", "Continue in a New Chat")[-1].press()
    wait("it in the list", lambda: f"{TITLE} (2)" in sotto.titles())
    check(len(sotto.titles()) == 3 and TITLE in sotto.titles(), f"the list has {sotto.titles()}")
    wait("the composer, empty", lambda: sotto.composer().text() == "" and sotto.composer().has_state("FOCUSED"))
    wait_same("the messages", sotto.messages, before)
    sotto.see("button", re.compile("^Model: SmolLM2"))
    check(open_instructions(sotto).text() == TOLD, "what its model is told first has not come along")
    sotto.keys("Escape")
    sotto.gone("text", "Instructions")
    sotto.screenshot("branched-wide")


@step("Starting Sotto while it runs raises its window, and the second process ends")
def _():
    traces.append(scratch / f"trace-{len(traces)}")
    second = Sotto(trace=traces[-1], settle=False)
    check(second.ended() == 0, f"the second process ended with {second.process.returncode}")
    check(journey.sotto.look() is not None, "the first window has gone")
    check(len(journey.sotto.look().all("frame")) == 1, "there are two windows")


@step("It ends again, and leaves nothing running")
def _():
    status = journey.sotto.quit()
    check(status == 0, f"its exit status was {status}")


@step("A socket to the network would be found in a trace")
def _():
    planted = scratch / "planted"
    planted.write_text('812 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 5\n'
                       '812 socket(AF_INET6, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP <unfinished ...>\n'
                       '813 sendto(7, "x", 1, 0, {sa_family=AF_INET, sin_port=htons(53)}, 16) = 1\n')
    found = footprints.Trace([planted])
    check(found.families == {"AF_UNIX": 1, "AF_INET6": 1, "AF_INET": 1}, f"it found {found.families}")
    check(len(found.foreign) == 2, f"it found {found.foreign}")


@step("In the whole run no socket had a family other than AF_UNIX")
def _():
    for trace in traces:
        wait(f"the end of {trace.name}", lambda: footprints.has_ended(trace))
    found = footprints.Trace(traces)
    person.note(f"{found.families} in {found.calls} calls of {len(traces)} processes")
    check(found.families.get("AF_UNIX", 0) >= 3, "it did not even connect to the display, the bus and the keyring")
    check(not found.foreign, "\n".join(found.foreign[:20]))


@step("A text that lies in plain sight would be found, in UTF-8 and in UTF-16")
def _():
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        planted = person.home()[0] / ".cache" / "planted" / encoding
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_bytes(b"\xff" * (footprints.BLOCK - 7) + "xMoosdrungelx".encode(encoding))
        found = footprints.search(person.home(), MARKERS)
        shutil.rmtree(planted.parent)
        check(len(found) == 1 and str(planted) in found[0], f"found instead: {found}")
    named = person.home()[2] / "about-Moosdrungel.txt"
    named.write_bytes(b"")
    found = footprints.search(person.home(), MARKERS)
    named.unlink()
    check(len(found) == 1, "a file's name is not looked at")


@step("Nothing that was typed or answered lies in plain text anywhere in the home, the runtime or the temporary folder")
def _():
    said = [piece for answer in answers for piece in footprints.pieces(answer)]
    check(len(said) >= 20, "the models have said too little to look for")
    files = footprints.list_files(person.home())
    check(any(file.suffix in (".db", ".sqlite") or "history" in file.name for file in files),
          f"where is the history? {[str(file) for file in files]}")
    person.note(f"{len(files)} files searched for {len(MARKERS) + len(said)} texts")
    found = footprints.search(person.home(), MARKERS + said)
    check(not found, "\n".join(found[:20]))


if __name__ == "__main__":
    raise SystemExit(journey.run())
