"""Without a keyring: a passphrase is chosen, asked for at the next start, and a wrong one is refused."""
import re

import footprints
import person
from person import Journey, Sotto, check, wait

person.enter_desktop("--keyring", "none")
person.prefer(window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")

PASSPHRASE = "seven green elephants"
MESSAGE = "Remember the Wurzelbrumm."

REFUSED = re.compile("^That does not open your conversations")

journey = Journey()
step = journey.step


def focus_in(sotto, name):
    wait(f"{name} to have the focus", lambda: sotto.look().find("text", name).has_state("FOCUSED"))


@step("The first start asks for a passphrase to be chosen")
def _():
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Choose a Passphrase")
    focus_in(sotto, "Passphrase")
    check(not sotto.see("button", "Begin").has_state("SENSITIVE"), "an empty passphrase can be chosen")
    sotto.screenshot("choose-passphrase")


@step("It has to be typed the same twice")
def _():
    sotto = journey.sotto
    sotto.type(PASSPHRASE)
    sotto.keys("Tab")
    sotto.go_to_entry("Passphrase Again")
    sotto.type(PASSPHRASE[:-1])
    check(not sotto.see("button", "Begin").has_state("SENSITIVE"), "two different ones are taken")
    sotto.type(PASSPHRASE[-1])
    wait("Begin to be offered", lambda: sotto.see("button", "Begin").has_state("SENSITIVE"))
    sotto.keys("Return")
    sotto.accept_recovery_code()


@step("Then one can write, and quit")
def _():
    sotto = journey.sotto
    sotto.write(MESSAGE)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    check(sotto.quit() == 0, "its exit status was not 0")


@step("The next start asks for it, and shows nothing before")
def _():
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Your Conversations Are Locked")
    focus_in(sotto, "Passphrase")
    check(not any("Wurzelbrumm" in node.name for node in sotto.look().walk()), "the conversation is shown")
    sotto.screenshot("locked")


@step("A wrong passphrase is refused in words")
def _():
    sotto = journey.sotto
    sotto.type("seven grey elephants")
    sotto.keys("Return")
    wait("it to be refused", lambda: sotto.look().find(None, REFUSED))
    sotto.see("label", "Your Conversations Are Locked")
    sotto.screenshot("wrong-passphrase")


@step("The right one opens the conversations")
def _():
    sotto = journey.sotto
    sotto.go_to_entry("Passphrase")
    sotto.keys("ctrl+a")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    row = wait("the conversation in the list", lambda: next(iter(sotto.titles()), None))
    sotto.open(row)
    wait("the message", lambda: ("You", MESSAGE) in sotto.messages())
    check(sotto.quit() == 0, "its exit status was not 0")


@step("The passphrase itself stands nowhere on the disk")
def _():
    found = footprints.search(person.home(), [PASSPHRASE, "Wurzelbrumm"])
    check(not found, "\n".join(found))


if __name__ == "__main__":
    raise SystemExit(journey.run())
