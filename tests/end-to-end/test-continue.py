"""A reply that is cut off while the model thinks, and again by a crash, goes on where it ended; and a message is deleted."""
import re

import person
import scripted_model
from person import Journey, Sotto, check, wait

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800)

# The prompt opens the thoughts, as that of several families does; and whatever byte it goes on from, this model begins again.
TEMPLATE = scripted_model.TEMPLATE.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
THOUGHT = " ".join(f"Step {n} of the long way." for n in range(1, 100))
ANSWER = "So it is the Quetschkommode."
MODEL = person.data_folder() / "models" / "Thinker.gguf"
MODEL.parent.mkdir(parents=True, exist_ok=True)
scripted_model.write(MODEL, f"{THOUGHT}\n</think>\n\n{ANSWER}", layers=160, name="Thinker", template=TEMPLATE, anywhere=True)

journey = Journey()
step = journey.step
THOUGHT_FOR = re.compile("^Thought for|^Thoughts")


def shown(sotto):
    root = sotto.look()
    return "\n".join(person.screen.texts_of(root.walk())) if root else ""


def count(sotto):
    return shown(sotto).count("of the long way")


@step("Stopped while it thinks, a reply can go on")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.write("What is it?")
    sotto.see("button", "Thinking…")
    wait("thoughts", lambda: count(sotto) > 2)
    sotto.keys("Escape")
    sotto.see("button", "Continue")
    sotto.see("label", "Stopped")
    check("Quetschkommode" not in shown(sotto), "it has answered: the model is too fast for this test")
    sotto.screenshot("continue-stopped")


@step("It goes on within its thoughts; what a crash leaves of that is there")
def _():
    sotto = journey.sotto
    sotto.look().find("button", "Continue").press()
    sotto.see("button", "Thinking…")
    wait("more thoughts", lambda: count(sotto) > 3)
    sotto.kill()
    sotto = journey.sotto = Sotto()
    sotto.open(re.compile("What is it"))
    sotto.see("label", re.compile("^Cut off when"))
    sotto.see("button", "Continue")


@step("And again, to its answer")
def _():
    sotto = journey.sotto
    sotto.look().find("button", "Continue").press()
    wait("the answer", lambda: ANSWER in shown(sotto), 120)
    wait("the end of the reply", lambda: not sotto.is_writing())
    check(shown(sotto).count(ANSWER) == 1, "it has answered twice")
    check("think>" not in shown(sotto), "there are tags on the screen")
    check(sotto.look().find("button", "Continue") is None, "it could go on behind its end")
    check(len(sotto.look().all("button", "Write Another Reply")) == 1, "there is more than one reply")
    sotto.see("button", THOUGHT_FOR)
    sotto.look().find("button", "Details of This Reply").press()
    sotto.see("label", "Part 1")
    sotto.see("label", "Continued Behind")
    sotto.screenshot("continue-details")
    sotto.keys("Escape")


@step("A message is deleted, and comes back with its reply")
def _():
    sotto = journey.sotto
    sotto.gone("label", "Part 1")
    sotto.look().find("button", "Delete Message").press()
    sotto.see("label", "Message deleted")
    wait("the messages to go", lambda: ANSWER not in shown(sotto))
    sotto.look().find("button", "Undo").press()
    wait("the reply to come back", lambda: ANSWER in shown(sotto))


@step("Deleted for good, it is not found after a restart")
def _():
    sotto = journey.sotto
    sotto.look().all("button", "Delete Message")[-1].press()
    sotto.see("label", "Reply deleted")
    sotto.see("label", "Not answered")
    check(sotto.quit() == 0, "its exit status was not 0")
    sotto = journey.sotto = Sotto()
    sotto.open(re.compile("What is it"))
    sotto.see("label", "Not answered")
    check(ANSWER not in shown(sotto), "the reply is there again")
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
