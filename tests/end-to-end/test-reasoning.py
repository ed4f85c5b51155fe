"""A model that thinks before it answers, and wants a tool: what a person sees of it, keeps and finds again."""
import os
import re
import subprocess
import time

import person
import scripted_model
from person import Journey, Sotto, check, wait, wait_same

person.enter_desktop(programs=("xdotool", "import"))
person.prefer(window_width=1300, window_height=800)

THOUGHT = ("The person asks about Łódź. The word Quetschkommode stands nowhere else. First I should see what they want to "
           "know: the weather of the next days, and whether a walk is a good idea. For that I need a forecast.\n\nThere may "
           "be a tool for it. I will say what I am about to do, then ask for `get_weather` with the city and two days.")
ANSWER = "I will look at the weather in **Łódź** for the next two days, and then say whether the *Ziegenmelker* walk is wise."
CALL = '{"name": "get_weather", "arguments": {"city": "Łódź", "days": 2, "units": ["celsius", "km/h"], "where": {"lat": 51.8}}}'
FIRST = "Should I go for a walk?"

# Slow enough that one can watch it think.
MODEL = person.data_folder() / "models" / "Thinker.gguf"
MODEL.parent.mkdir(parents=True, exist_ok=True)
long_thought = "\n\n".join([THOUGHT] + [f"{n}. Let me look at this again, from the beginning and slowly." for n in range(1, 200)])
scripted_model.write(MODEL, f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}\n<tool_call>\n{CALL}\n</tool_call>", name="Thinker")
SLOW = MODEL.with_name("Slow Thinker.gguf")

journey = Journey()
step = journey.step
THOUGHT_FOR = re.compile("^Thought for [0-9]+ s$")


def shown(sotto):
    """All text in the window."""
    root = sotto.look()
    return "\n".join(person.screen.texts_of(root.walk())) if root else ""


def last(found):
    return found[-1] if found else None


def expanded(node):
    return node is not None and node.has_state("EXPANDED")


@step("--ask prints the answer and neither thoughts nor calls")
def _():
    asked = subprocess.run([person.PROGRAM, "--model", "Thinker", "--ask", FIRST], capture_output=True, text=True,
                           timeout=60, check=False)
    check((asked.returncode, asked.stdout) == (0, ANSWER + "\n"), f"it says {asked}")


@step("The answer is what counts: thoughts are closed above it, the tool it wanted stands below")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.resize(1300, 800)
    sotto.write(FIRST)
    wait("the reply", lambda: "Ziegenmelker" in shown(sotto))
    wait("the end of the reply", lambda: not sotto.is_writing())
    header = sotto.see("button", THOUGHT_FOR)
    wait("the thoughts to close", lambda: not expanded(sotto.look().find("button", THOUGHT_FOR)))
    wait("the thoughts to go", lambda: "Quetschkommode" not in shown(sotto))
    check("<think>" not in shown(sotto) and "</" not in shown(sotto), "there are tags on the screen")
    sotto.see("label", "Wanted to use “get_weather”")
    sotto.see("label", re.compile("not run"))
    check('"city": "Łódź"' in shown(sotto), "the arguments are not shown")
    check(header.name != "", "the header has no name")
    sotto.screenshot("reasoning-closed")


@step("A press, or Space, opens and closes the thoughts")
def _():
    sotto = journey.sotto
    sotto.look().find("button", THOUGHT_FOR).press()
    wait("the thoughts", lambda: "Quetschkommode" in shown(sotto))
    wait("the header to say so", lambda: expanded(sotto.look().find("button", THOUGHT_FOR)))
    sotto.screenshot("reasoning-open")
    for _ in range(30):
        node = sotto.focused()
        if node is not None and node.fits("button", THOUGHT_FOR):
            break
        sotto.keys("shift+Tab")
    wait("the focus on the header", lambda: (node := sotto.focused()) and node.fits("button", THOUGHT_FOR))
    sotto.keys("space")
    wait("the thoughts to close", lambda: not expanded(sotto.look().find("button", THOUGHT_FOR)))


@step("Copying takes the answer and nothing else")
def _():
    sotto = journey.sotto
    last(sotto.look().all("button", "Copy Message")).press()
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    # What was copied may reach the X server after the key that pastes it.
    for _ in range(5):
        sotto.keys("ctrl+a", "ctrl+v")
        try:
            wait("the answer in the composer", lambda: sotto.composer().text() == ANSWER, 4)
            break
        except person.Failed:
            pass
    check(sotto.composer().text() == ANSWER, f"what was pasted is {sotto.composer().text()!r}")
    sotto.keys("ctrl+a", "BackSpace")
    wait("the composer to be empty", lambda: sotto.composer().text() == "")


@step("A small window holds it all")
def _():
    sotto = journey.sotto
    sotto.look().find("button", THOUGHT_FOR).press()
    sotto.resize(360, 720)
    sotto.see("button", "Show Conversations")
    wait_same("the list", sotto.titles, [])
    wait("the thoughts", lambda: "Quetschkommode" in shown(sotto))
    sotto.screenshot("reasoning-narrow", 360, 720)
    sotto.resize(1300, 800)
    wait("the list", lambda: len(sotto.titles()) == 1)


@step("The next turn is answered too, with the thoughts and the call given back")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+l")
    wait("the composer to have the focus", lambda: sotto.composer().has_state("FOCUSED"))
    sotto.write("And tomorrow?")
    wait("two answers", lambda: len(sotto.look().all("button", THOUGHT_FOR)) == 2 and not sotto.is_writing())


@step("Search finds answers, not thoughts")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+k")
    sotto.type("Ziegenmelker")
    wait("the word in the results, beside the answers", lambda: shown(sotto).count("Ziegenmelker") >= 4)
    check(sotto.look().find("label", "Nothing Found") is None, "nothing is found")
    sotto.keys("Escape")
    sotto.keys("ctrl+k", "ctrl+a")
    sotto.type("Quetschkommode")
    sotto.see("label", "Nothing Found")
    sotto.keys("Escape", "Escape")
    check(sotto.quit() == 0, "its exit status was not 0")


@step("All of it is there again at the next start, in the dark too")
def _():
    os.environ["ADW_DEBUG_COLOR_SCHEME"] = "prefer-dark"
    scripted_model.write(SLOW, f"<think>\n{long_thought}\n</think>\n\n{ANSWER}", layers=240, name="Slow Thinker")
    MODEL.unlink()
    sotto = journey.sotto = Sotto()
    sotto.resize(1300, 800)
    sotto.open(re.compile(FIRST.rstrip("?")))
    wait("both thoughts", lambda: len(sotto.look().all("button", THOUGHT_FOR)) == 2)
    check(len(sotto.look().all("label", "Wanted to use “get_weather”")) == 2, "a call is missing")
    check("Quetschkommode" not in shown(sotto), "the thoughts are open")
    sotto.see("button", THOUGHT_FOR).press()
    wait("the thoughts", lambda: "Quetschkommode" in shown(sotto))
    sotto.screenshot("reasoning-dark")


@step("While it thinks one sees that, and may read along; what was thought survives a crash")
def _():
    sotto = journey.sotto
    sotto.keys("ctrl+n")
    sotto.write("Think slowly.")
    sotto.see("button", "Thinking…")
    wait("thoughts", lambda: "Let me look at this again" in shown(sotto))
    sotto.screenshot("reasoning-thinking-dark")
    check(sotto.look().find("button", "Thinking…") is not None, "it no longer thinks: the model is too fast for this test")
    wait("more of it", lambda: shown(sotto).count("Let me look at this again") > 5)
    # What stood there a second ago is on the disk: the journal waits for a fraction of one.
    time.sleep(1)
    sotto.kill()
    del os.environ["ADW_DEBUG_COLOR_SCHEME"]
    sotto = journey.sotto = Sotto()
    sotto.resize(1300, 800)
    sotto.open(re.compile("Think slowly"))
    sotto.see("label", re.compile("^Cut off when"))
    sotto.see("button", "Thoughts").press()
    wait("what was thought", lambda: shown(sotto).count("Let me look at this again") > 5)
    sotto.screenshot("reasoning-cut-off")
    check(sotto.quit() == 0, "its exit status was not 0")


journey.run()
