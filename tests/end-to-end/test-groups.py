"""A group of conversations is made, filled, closed, deleted and brought back by keys alone; it is as it was after another start, and
neither its name nor what its chats begin with is left on the disk that can be read."""
import re

import footprints
import person
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800, temperature=0.0, max_tokens=20)
person.need_models("SmolLM2-135M")

GROUP = "Wurzelgarten"
INSTRUCTIONS = "Sprich wie Ottilie."
QUESTION = "Which flower is blue?"

journey = Journey()
step = journey.step


def find_group(sotto, name=GROUP):
    place = sotto.look().find(None, "Conversations")
    return place and place.find("list item", re.compile(f"^{name}, "))


def is_in_list(node):
    while node is not None and node.name != "Conversations":
        node = node.parent
    return node is not None


def go_to_group(sotto):
    """Backwards from where one writes into the list, and up to the group."""
    sotto.keys("ctrl+l")
    for _ in range(20):
        node = sotto.focused()
        if node is not None and node.role == "list item" and is_in_list(node):
            break
        sotto.keys("shift+Tab")
    else:
        check(False, "the keyboard does not come to the list")
    sotto.go_to("list item", re.compile(f"^{GROUP}, "), "Up")


@step("The main menu makes a group, which stands in the list")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.see("button", re.compile("^Model: SmolLM2"))
    sotto.choose_in_menu("win.new-group")
    sotto.see("alert", "New Group")
    wait("the name to have the focus", lambda: (now := sotto.focused()) and now.role == "text")
    sotto.type(GROUP)
    sotto.keys("Return")
    group = sotto.see("list item", f"{GROUP}, 0 conversations")
    check(group.has_state("EXPANDED"), "it does not say that it is open")


@step("Its menu says what a chat in it begins with")
def _():
    sotto = journey.sotto
    go_to_group(sotto)
    sotto.keys("shift+F10")
    wait("the menu", lambda: (now := sotto.focused()) and now.role == "menu item")
    sotto.keys("Down", "Return")
    sotto.see("dialog", "Group Details")
    wait("the instructions to have the focus", lambda: (now := sotto.focused()) and now.name == "Instructions")
    sotto.type(INSTRUCTIONS)
    wait("them to be there", lambda: sotto.focused().text() == INSTRUCTIONS)
    sotto.screenshot("groups-details")
    sotto.keys("Escape")
    sotto.gone("dialog", "Group Details")


@step("A new chat in it begins with that, and stands in it")
def _():
    sotto = journey.sotto
    go_to_group(sotto)
    sotto.keys("shift+F10")
    wait("the menu", lambda: (now := sotto.focused()) and now.role == "menu item")
    sotto.keys("Return")
    sotto.see("label", f"New Chat in “{GROUP}”")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write(QUESTION)
    wait("a reply", sotto.reply, 90)
    sotto.wait_reply()
    sotto.see("list item", f"{GROUP}, 1 conversation")
    check(sotto.titles()[1:] == [QUESTION], f"the list is {sotto.titles()}")
    sotto.screenshot("groups-list")


@step("It is closed by an arrow key, and opened")
def _():
    sotto = journey.sotto
    go_to_group(sotto)
    sotto.keys("Left")
    wait("it to be closed", lambda: len(sotto.titles()) == 1)
    check(not find_group(sotto).has_state("EXPANDED"), "it says that it is open")
    sotto.keys("Right")
    wait("it to be open", lambda: len(sotto.titles()) == 2)
    check(find_group(sotto).has_state("EXPANDED"), "it says that it is closed")


@step("Delete takes it away, the chat stays, and Undo brings it back")
def _():
    sotto = journey.sotto
    sotto.keys("Delete")
    wait_same("the list", sotto.titles, [QUESTION])
    sotto.see("button", "Undo").press()
    wait_same("the list", sotto.titles, [f"{GROUP}, 1 conversation", QUESTION])


@step("After another start it is closed as it was left, and the chat is in it")
def _():
    sotto = journey.sotto
    go_to_group(sotto)
    sotto.keys("Return")
    wait("it to be closed", lambda: len(sotto.titles()) == 1)
    check(sotto.quit() == 0, "it did not end well")
    sotto = journey.sotto = Sotto()
    wait_same("the list", sotto.titles, [f"{GROUP}, 1 conversation"])
    go_to_group(sotto)
    sotto.keys("Right")
    wait_same("the list", sotto.titles, [f"{GROUP}, 1 conversation", QUESTION])


@step("Nothing of it lies in plain text anywhere in the home, the runtime or the temporary folder")
def _():
    check(journey.sotto.quit() == 0, "it did not end well")
    found = footprints.search(person.home(), [GROUP, "Ottilie"])
    check(not found, "\n".join(found[:20]))


if __name__ == "__main__":
    raise SystemExit(journey.run())
