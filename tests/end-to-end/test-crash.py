"""SIGKILL while a reply is being written: at the next start message and reply are there."""
import re
import time

import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
person.prefer(temperature=0.0, window_width=1300, window_height=800)
person.need_models("Qwen2.5-Coder-0.5B")

QUESTION = "Write a long Python program called Ankerplumm with twenty functions. Explain each."

# What was in the window a second ago is on the disk: the journal waits for a fraction of one.
JOURNAL_SECONDS = 1
# The last words of a growing text may look different when more is known of it (an open **, half a word).
UNSETTLED = 3

journey = Journey()
step = journey.step
seen = ""


def words(text):
    return re.findall(r"\w+", text)


@step("A reply is being written when Sotto is killed")
def _():
    global seen
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.write(QUESTION)
    seen = wait("a good piece of the reply", lambda: (text := sotto.reply()) and len(text) > 150 and text, 120)
    # Not to let something happen, but for the promise: this much was there so long ago.
    time.sleep(JOURNAL_SECONDS)
    check(sotto.is_writing(), "the reply was over already")
    sotto.kill()


@step("The next start finds the conversation, without a question")
def _():
    sotto = journey.sotto = Sotto()
    row = sotto.see("list item", re.compile("Ankerplumm|Write a long"))
    check(sotto.look().find("alert") is None, "a dialog is shown")
    sotto.open(row.name)


@step("The message is there as it was sent")
def _():
    wait("the message", lambda: ("You", QUESTION) in journey.sotto.messages())


@step("The reply is there as far as it had come, and is said to have been cut off")
def _():
    sotto = journey.sotto
    text = wait("the reply", sotto.reply)
    kept = words(seen)[:-UNSETTLED]
    check(len(kept) > 10, "too little was seen to compare it")
    sotto.screenshot("cut-off-wide")
    person.note(f"{len(seen)} characters were seen {JOURNAL_SECONDS} s before, {len(text)} have come back")
    check(words(text)[:len(kept)] == kept, f"“{seen}” has become “{text}”")
    sotto.see("label", re.compile("^Cut off"))
    check(not sotto.is_writing(), "something is being written")


@step("Another reply can be had, and Sotto ends as usual")
def _():
    sotto = journey.sotto
    sotto.look().all("button", "Write Another Reply")[-1].press()
    sotto.see("label", "2/2", 90)
    wait("words", lambda: sotto.reply(), 90)
    sotto.keys("Escape")
    wait("the end", lambda: not sotto.is_writing())
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
