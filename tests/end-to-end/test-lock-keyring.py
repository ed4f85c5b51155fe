"""With the key in the keyring a button opens what was locked, and what locked with the screen opens with it."""
import person
from lock_desktop import Desktop
from person import Journey, Sotto, check, wait

person.enter_desktop()
person.prefer(temperature=0.0, window_width=1300, window_height=800, lock_with_screen=1)
person.need_models("SmolLM2-135M")

MESSAGE = "Say one word."

journey = Journey()
step = journey.step


def is_open():
    return ("You", MESSAGE) in journey.sotto.messages()


@step("A conversation, and a dialog over it")
def _():
    journey.desktop = Desktop()
    wait("the desktop", lambda: "ready" in journey.desktop.lines())
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Recovery code")
    sotto.accept_recovery_code()
    sotto.write(MESSAGE)
    sotto.keys("Escape")
    wait("the end of the reply", lambda: not sotto.is_writing())
    sotto.keys("ctrl+comma")
    sotto.see("dialog")


@step("The key locks it there, too, and Enter opens it where it was")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+shift+l")
    sotto.see("label", "Your Conversations Are Locked")
    check(sotto.look().find("dialog") is None, "the dialog is still there")
    sotto.see("button", "Unlock")
    sotto.screenshot("locked-keyring")
    sotto.keys("Return")
    wait("the message", is_open)


@step("What locks with the screen opens with it")
def _():
    journey.desktop.say("screen", "1")
    journey.sotto.see("label", "Your Conversations Are Locked")
    journey.desktop.say("screen", "0")
    wait("the message", is_open)


@step("It ends as usual")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")
    journey.desktop.close()


if __name__ == "__main__":
    raise SystemExit(journey.run())
