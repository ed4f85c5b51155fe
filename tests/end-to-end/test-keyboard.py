"""Fast hands: what is typed right behind a key that opens something arrives there; and whatever closes gives the keyboard back to where
it was."""
import person
import scripted_model
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1000, window_height=700)

MODEL = person.data_folder() / "models" / "Quick.gguf"
MODEL.parent.mkdir(parents=True, exist_ok=True)
scripted_model.write(MODEL, "Here I am.", name="Quick")

journey = Journey()
step = journey.step


def type_behind(sotto, key, entry):
    """All of it is in the X server's queue before the first key has done anything."""
    sotto.xdotool("key", "--delay", "0", key, "h", "e", "r", "e")
    wait(f"the focus in “{entry}”", lambda: (node := sotto.focused()) and node.fits("entry", entry))
    wait_same(f"what stands in “{entry}”", lambda: sotto.focused().text(), "here")
    sotto.keys("Escape")


@step("The first letters behind Ctrl+K and Ctrl+F arrive, at the first time and later")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    for text in ("One", "Two"):
        sotto.keys("ctrl+n")
        sotto.write(text)
        sotto.wait_reply()
    for _ in range(2):
        type_behind(sotto, "ctrl+k", "Search all conversations")
        type_behind(sotto, "ctrl+f", "Find in this conversation")


def has_focus(role, name):
    wait(f"the focus on the {role} “{name}”", lambda: (node := journey.sotto.focused()) and node.fits(role, name))


@step("A menu that a key has opened, and a dialog opened from it, give the focus back")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.keys("F10")
    wait("the menu to have it", lambda: (item := sotto.focused()) and item.role == "menu item")
    sotto.keys("Escape")
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.choose_in_menu("win.preferences")
    sotto.see("dialog", "Preferences")
    sotto.keys("Escape")
    sotto.gone("dialog", "Preferences")
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))


@step("What is edited by Up and left by Escape leads back to where one writes")
def _():
    sotto = journey.sotto
    sotto.keys("Up")
    has_focus("text", "Edited message")
    sotto.keys("Escape")
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.keys("Up")
    has_focus("text", "Edited message")
    sotto.type("!")
    sotto.keys("Return")
    sotto.see("button", "Previous Version")
    sotto.wait_reply()
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))


@step("Who goes through the versions of a message by keys stays on their buttons")
def _():
    sotto = journey.sotto

    def question():
        return next(text for who, text in sotto.messages() if who == "You")
    new = question()
    for _ in range(30):
        if (node := sotto.focused()) and node.fits("button", "Previous Version"):
            break
        before = node and node.reference
        sotto.keys("shift+Tab")
        wait("the focus to go on", lambda before=before: (now := sotto.focused()) and now.reference != before)
    sotto.keys("space")
    wait("the version before", lambda: question() != new)
    has_focus("button", "Next Version")
    sotto.keys("space")
    wait_same("the version behind", question, new)
    has_focus("button", "Previous Version")
    sotto.keys("ctrl+l")
    wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))


@step("In a narrow window F9 leads to the conversation that is shown, and back")
def _():
    sotto = journey.sotto
    sotto.resize(372, 700)
    wait("the list to go", lambda: sotto.look().find(None, "Conversations") is None)
    for _ in range(2):
        sotto.keys("F9")
        wait("the row to have the focus", lambda: (node := sotto.focused()) and node.fits("list item", "Two"))
        sotto.keys("F9")
        wait("the composer to have it", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.keys("F9")
    wait("the row to have the focus", lambda: (node := sotto.focused()) and node.fits("list item", "Two"))
    sotto.keys("Down", "Return")
    wait("the other conversation", lambda: sotto.composer() is not None and sotto.composer().has_state("FOCUSED"))
    sotto.keys("F9")
    wait("its row to have the focus", lambda: (node := sotto.focused()) and node.fits("list item", "One"))


@step("The menu of a row gives the focus back to it")
def _():
    sotto = journey.sotto
    sotto.keys("Menu")
    wait("the menu to have it", lambda: (item := sotto.focused()) and item.role == "menu item")
    sotto.keys("Escape")
    has_focus("list item", "One")


@step("A letter in the list begins a search, and Escape leads back")
def _():
    sotto = journey.sotto
    sotto.xdotool("key", "--delay", "0", "h", "e", "r", "e")
    wait_same("what is searched for", lambda: (node := sotto.focused()) and node.text(), "here")
    sotto.keys("Escape")
    wait("the row to have the focus", lambda: (node := sotto.focused()) and node.fits("list item", "One"))
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
