"""Between requests Sotto does nothing: after an answer, with the model open, it takes no time of the processor.

What the whole process has taken, all of its threads, is read from /proc before and after a while in which
nobody touches it. Nothing of the engine may run then: its threads sleep, whoever waits for a request waits
in the kernel. What is left is the window's: a cursor that blinks in the composer draws itself anew twice a
second for a while and then stays (GTK does so; here the while is a second, not ten), and the model's hash and what is
saved a little later: that is waited for first. The clock of the kernel ticks 100 times a second. So the bound is three ticks in ten seconds, 0.3 % of one processor; a thread that spins takes
a thousand, one that wakes a hundred times a second and looks round takes more than three.
"""
import os
import pathlib
import time

import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
person.prefer(temperature=0.0, max_tokens=24, window_width=1300, window_height=800)
person.need_models("SmolLM2-135M")

SETTLED = 3      # seconds without a tick
SECONDS = 10
MOST_TICKS = 3
ATTEMPTS = 3

settings = pathlib.Path(os.environ["XDG_CONFIG_HOME"]) / "gtk-4.0/settings.ini"
settings.parent.mkdir(parents=True)
settings.write_text("[Settings]\ngtk-cursor-blink-timeout=1\n")

journey = Journey()
step = journey.step


def ticks(pid):
    """Of the processor, in user and system time, by all threads together."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def by_thread(pid):
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        fields = (task / "stat").read_text()
        name = fields[fields.index("(") + 1:fields.rindex(")")]
        times = fields.rsplit(")", 1)[1].split()
        found[f"{name} {task.name}"] = int(times[11]) + int(times[12])
    return found


@step("A question is answered")
def _():
    sotto = journey.sotto = Sotto()
    sotto.accept_recovery_code()
    sotto.write("Tell me about the sea.")
    check(sotto.wait_reply().strip() != "", "the reply is empty")


@step(f"Then, over {SECONDS} s, it takes at most {MOST_TICKS} ticks of {os.sysconf('SC_CLK_TCK')} a second")
def _():
    pid = journey.sotto.pid
    last = [ticks(pid), time.monotonic()]

    def has_settled():
        if (now := ticks(pid)) != last[0]:
            last[:] = now, time.monotonic()
        return time.monotonic() - last[1] >= SETTLED
    wait("it to settle", has_settled)
    for attempt in range(ATTEMPTS):
        threads = by_thread(pid)
        before = ticks(pid)
        time.sleep(SECONDS)
        taken = ticks(pid) - before
        now = by_thread(pid)
        busy = {name: now[name] - threads.get(name, 0) for name in now if now[name] > threads.get(name, 0)}
        person.note(f"{taken} ticks in {SECONDS} s; {busy}")
        if taken <= MOST_TICKS:
            break
    check(taken <= MOST_TICKS, f"it took {taken} ticks: {busy}")
    check(not any(name.startswith("sotto-") for name in busy), f"a thread of the engine ran: {busy}")


@step("It answers again, and ends as usual")
def _():
    sotto = journey.sotto
    sotto.write("And about the sky?")
    wait("the reply", lambda: not sotto.is_writing() and len(sotto.messages()) >= 4, 90)
    check(sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
