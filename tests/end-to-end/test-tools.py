"""Tools: chosen by keys alone, used by a model, seen with what they gave, stopped, and there again after a crash."""
import os
import re

import person
import scripted_model
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800)

CALL = '<tool_call>\n{"name": "%s", "arguments": %s}\n</tool_call>'
SCRIPT = ("I will look at both.\n" + CALL % ("calculate", '{"expression": "(4839 + 12.5) * 2817"}') + "\n"
          + CALL % ("current_time", '{"time_zone": "Asia/Tokyo"}'))
ANSWER = "It is **13,666,675.5**, as the calculator has it, and the *Ziegenmelker* sleeps in Tokyo."
FIRST = "How much is it, and how late?"

MODEL = person.data_folder() / "models" / "Caller.gguf"
MODEL.parent.mkdir(parents=True, exist_ok=True)
scripted_model.write(MODEL, SCRIPT, name="Caller", template=scripted_model.TOOLS, answer=ANSWER)

journey = Journey()
step = journey.step


def shown(sotto):
    """All text in the window."""
    root = sotto.look()
    return "\n".join(person.screen.texts_of(root.walk())) if root else ""


@step("The button beside the message has tools, too; keys choose two, and it says which")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.resize(1300, 800)
    sotto.see("button", re.compile("^Model: Caller"))
    sotto.see("button", "Documents and Tools")
    sotto.keys("ctrl+shift+f")
    sotto.see("check box", "Calculator")
    check(not sotto.look().find("check box", "Document Search").has_state("SENSITIVE"), "documents can be searched where none are")
    sotto.screenshot("tools-list")
    for name in ("Calculator", "Date and Time"):
        sotto.go_to("check box", name, "Tab")
        sotto.keys("space")
    sotto.screenshot("tools-chosen")
    sotto.keys("Escape")
    sotto.see("button", "Documents and Tools: Calculator, Date and Time")


@step("What was used stands where it was, with what it gave; the answer below")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    sotto.write(FIRST)
    wait("the answer", lambda: "Ziegenmelker" in shown(sotto) and not sotto.is_writing())
    sotto.see("label", "Used “Calculator”")
    sotto.see("label", "Used “Date and Time”")
    sotto.see("label", "13666675.5")
    text = shown(sotto)
    order = [text.index(piece) for piece in ("I will look at both", "Used “Calculator”", "Used “Date and Time”", "Ziegenmelker")]
    check(order == sorted(order), f"they stand in another order: {order}")
    sotto.screenshot("tools-used")


@step("A longer result opens")
def _():
    sotto = journey.sotto
    sotto.see("button", "Result").press()
    wait("the result", lambda: "Time zone: Asia/Tokyo" in shown(sotto))
    sotto.screenshot("tools-result")


@step("A small window holds it all")
def _():
    sotto = journey.sotto
    sotto.resize(360, 720)
    sotto.see("button", "Show Conversations")
    wait_same("the list", sotto.titles, [])
    sotto.screenshot("tools-narrow", 360, 720)
    sotto.keys("ctrl+shift+f")
    sotto.see("check box", "Calculator")
    sotto.screenshot("tools-list-narrow", 360, 720)
    sotto.keys("Escape")
    sotto.resize(1300, 800)
    wait("the list", lambda: len(sotto.titles()) == 1)


@step("After a crash it is there again, and a new conversation begins with the same tools; in the dark too")
def _():
    sotto = journey.sotto
    sotto.kill()
    os.environ["ADW_DEBUG_COLOR_SCHEME"] = "prefer-dark"
    sotto = journey.sotto = Sotto()
    sotto.resize(1300, 800)
    sotto.see("button", "Documents and Tools: Calculator, Date and Time")
    sotto.open(re.compile("How much is it"))
    wait("the answer", lambda: "Ziegenmelker" in shown(sotto))
    sotto.see("label", "Used “Calculator”")
    sotto.see("label", "13666675.5")
    sotto.screenshot("tools-dark")
    check(sotto.quit() == 0, "its exit status was not 0")


@step("A model that has no place for them says so where they are chosen")
def _():
    del os.environ["ADW_DEBUG_COLOR_SCHEME"]
    MODEL.unlink()
    scripted_model.write(MODEL.with_name("Plain.gguf"), "Hello.", name="Plain")
    sotto = journey.sotto = Sotto()
    sotto.resize(1300, 800)
    sotto.see("button", re.compile("^Model: Plain"))
    sotto.keys("ctrl+shift+f")
    sotto.see("label", "This model cannot use tools.")
    sotto.screenshot("tools-none")
    sotto.keys("Escape")
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
