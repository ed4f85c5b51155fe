"""A walk through Sotto as a screen reader takes it: whatever can be reached has a name and a role, and Tab reaches it."""
import re
import time

from gi.repository import GLib

import person
import screen
from person import Journey, Node, Sotto, check, wait

person.enter_desktop()

person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=40)
person.need_models("SmolLM2-135M")

# Roles that tell a person what a thing does; GTK says "filler" or "panel" of what is only there for the layout.
MUTE = {"filler", "panel", "unknown", "invalid", "redundant object", "group"}
# GTK calls them focusable, and gives the focus to what is in them; where one has it all the same, it needs a name too.
CONTAINERS = {"scroll pane", "panel", "viewport", "list", "frame", "dialog", "alert", "window"}
# Rows and texts are read by what is in them.
NAMED_BY_CONTENT = {"list item", "table cell", "tree item", "label", "paragraph", "heading", "static", "text"}
LONGEST_WAY = 60

journey = Journey()
step = journey.step


def words(node):
    """What a screen reader would say: its name, else its text, else the names of what lies in it."""
    if node.name.strip():
        return node.name
    if node.role in NAMED_BY_CONTENT:
        if node.has_text and node.text().strip():
            return node.text()
        return next((child.name for child in node.walk() if child.name.strip()), "")
    return ""


def where(node):
    names = []
    while node is not None and len(names) < 6:
        names.append(f"{node.role} “{node.name}”")
        node = node.parent
    return " in ".join(names)


def is_shown(node):
    return node.has_state("VISIBLE") and node.has_state("SHOWING")


def look_at(place=None):
    """Complaints about everything that is shown: (complaint, …), and the number of things that can have the focus."""
    root = journey.sotto.look()
    broken, reachable = [], 0
    for node in (place or root).walk():
        if not node.has_state("FOCUSABLE") or not is_shown(node) or node.role in CONTAINERS:
            continue
        reachable += 1
        # Entries hold a text that has the focus in their stead, and carry the name between them.
        named = words(node) or (node.role == "text" and node.parent is not None and node.parent.name.strip())
        if node.role in MUTE:
            broken.append(f"has the role “{node.role}”: {where(node)}")
        elif not named:
            broken.append(f"has no name: {where(node)}")
    return broken, reachable


def complain(what, place=None):
    broken, reachable = look_at(place)
    person.note(f"{what}: {reachable} things can have the focus")
    check(reachable > 0, f"{what}: nothing can have the focus")
    check(not broken, f"{what}:\n" + "\n".join(sorted(set(broken))))


class Focus:
    """Follows the focus by what Sotto tells, as a screen reader does: the whole tree is too much to look at for every key."""

    def __init__(self):
        self.went_to = []
        screen.listen("StateChanged", "focused", lambda reference, came: came and self.went_to.append(reference))

    def after(self, key):
        """What has the focus after a key; None when it has not moved."""
        context = GLib.MainContext.default()
        while context.iteration(False):
            pass
        self.went_to.clear()
        journey.sotto.keys(key)
        end = time.monotonic() + 1.5
        while not self.went_to and time.monotonic() < end:
            if not context.iteration(False):
                time.sleep(0.005)
        return Node.at(self.went_to[-1]) if self.went_to else None


focus = Focus()


def tab_round(key="Tab"):
    """Where the focus goes until it has come round: [name]. Whatever it stops at has to say what it is."""
    seen, said = [], []
    for _ in range(LONGEST_WAY):
        node = focus.after(key)
        if node is None or node.reference in seen:
            break
        name = words(node) or (node.parent.name if node.parent is not None else "")
        check(name.strip() and node.role not in MUTE, f"the focus is on what says nothing: {where(node)}")
        seen.append(node.reference)
        said.append(name)
    check(said, f"{key} goes nowhere")
    return said


def need(way, *names):
    for name in names:
        check(any(re.search(name, other) for other in way), f"Tab does not reach “{name}” but {way}")


def dialog():
    return journey.sotto.look().find("dialog") or journey.sotto.look().find("alert")


def built_dialog():
    """It is told of before what lies in it is shown: the dialog once there is something in it that can have the focus."""
    place = dialog()
    return place if place is not None and look_at(place)[1] > 0 else None


@step("The recovery code and what is done with it can be reached and are named")
def _():
    sotto = journey.sotto = Sotto()
    sotto.see("alert", "Keep Your Recovery Code")
    complain("the recovery code", wait("its contents", built_dialog))
    need(tab_round(), "Recovery code|Copy", "I Have Written It Down")
    sotto.accept_recovery_code()


@step("On the first page everything has a name, and Tab goes round")
def _():
    sotto = journey.sotto
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    complain("the first page")
    check(sotto.look().find(None, re.compile("This chat is temporary")) is None, "what a hidden banner would say is there")
    way = tab_round()
    person.note(" → ".join(name[:24] for name in way))
    need(way, "^Message$", "^Model: ", "New Chat", "Main Menu", "Conversation Menu", "Hide Conversations",
         "rainbow", "What Stays Private", "Keyboard Shortcuts")


@step("Back with Shift+Tab the way is the same")
def _():
    forward = tab_round()
    backward = tab_round("shift+Tab")
    check(set(forward) == set(backward), f"only one way: {set(forward) ^ set(backward)}")


def dialog_step(title, open_it, *asked):
    @step(title)
    def _():
        sotto = journey.sotto
        open_it()
        complain(title, wait(f"the dialog {title}", built_dialog))
        need(tab_round(), *asked)
        sotto.screenshot(f"accessible-{title.lower().replace(' ', '-')}")
        sotto.keys("Escape")
        wait("the dialog to go", lambda: dialog() is None)


def keys(*names):
    return lambda: journey.sotto.keys("ctrl+l", *names)


def instructions():
    """The menu of the conversation: Find in Conversation…, Instructions…"""
    journey.sotto.see("button", "Conversation Menu").press()
    wait("the menu", lambda: len(journey.sotto.look().all("menu item")) >= 6)
    journey.sotto.keys("i")


def press_on_first_page(name):
    def press():
        journey.sotto.see("button", name).press()
    return press


dialog_step("Privacy", press_on_first_page("What Stays Private"), "^Copy “strace", "^Copy “grep -rlaF")
dialog_step("Keyboard Shortcuts", keys("ctrl+question"), "Send the message", "Quit")
dialog_step("Preferences", keys("ctrl+comma"), "Temperature")


@step("A conversation says who speaks, and its messages can be reached with what can be done with them")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    sotto.write("Say hello, and show a line of Python.")
    wait("a reply", sotto.reply)
    sotto.wait_reply()
    complain("a conversation")
    rows = sotto.look().find(None, "Messages").all("list item")
    check([row.name for row in rows] == ["You", "Reply"], f"the rows are {[row.name for row in rows]}")
    need(tab_round(), "^Say hello", "Copy Message", "Edit Message", "Write Another Reply", "Details of This Reply", "^Message$")


@step("The list of models")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+m")
    sotto.see(None, re.compile("Add a Model File"))
    complain("the list of models")
    need(tab_round(), "Add a Model File")
    sotto.keys("Escape")


dialog_step("Rename", keys("F2"), "Rename|Title", "Cancel")
dialog_step("Instructions", instructions, "Instructions")
dialog_step("Export", keys("ctrl+shift+e"), "Markdown", "Web Page", "Sotto", "Cancel", "Export…")


@step("The search, and what it has found")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+k")
    sotto.type("hello")
    wait("a result", lambda: sotto.look().find("list item", re.compile("Say hello")))
    complain("the search")
    need(tab_round(), "^Say hello")
    sotto.keys("Escape")


@step("It ends")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
