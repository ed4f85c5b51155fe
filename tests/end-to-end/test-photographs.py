"""A conversation of many photographs takes little memory: they stay in the history until one is looked at.

SOTTO_PHOTOGRAPHS=100 measures what ../../app/README.md says. The memory is the process's own share of what it has (PSS), and what the
helper has that decodes is not in it.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import time

from PIL import Image

import person
from person import Journey, Sotto, check, wait

person.enter_desktop()
PICTURE = pathlib.Path(os.environ.get("SOTTO_PICTURE") or person.BUILD / "app/picture/sotto-picture")
if not PICTURE.exists():
    person.skip_all("the helper that decodes pictures is not built")
os.environ["SOTTO_PICTURE"] = str(PICTURE)
person.prefer(window_width=1300, window_height=800)

FILL = os.environ.get("SOTTO_FILL_HISTORY") or str(person.BUILD / "tests" / "end-to-end" / "fill-history")
PASSPHRASE = "many photographs"
N = int(os.environ.get("SOTTO_PHOTOGRAPHS", "40"))
SIDES = (4032, 3024)
MEGABYTE = 1 << 20
# With all their files in memory it is 165 MB at the least, with what was decoded of them 36 MB for each.
MOST_MB = 90

journey = Journey()
step = journey.step


def take_photographs(folder):
    """JPEG files of more than 4 MB, no two the same: of one photograph of noise, with comments of their own."""
    planes = [Image.effect_noise((SIDES[0] // 2, SIDES[1] // 2), 40).resize(SIDES) for _ in range(3)]
    first = folder / "first.jpg"
    Image.merge("RGB", planes).save(first, quality=78)
    data = first.read_bytes()
    check(len(data) > 4 * MEGABYTE, f"a photograph has only {len(data)} bytes")
    names = []
    for i in range(N):
        comment = f"number {i}".encode()
        names.append(folder / f"photograph-{i:03}.jpg")
        names[-1].write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:])
    return names


def measure(sotto):
    """Megabytes"""
    rollup = pathlib.Path(f"/proc/{sotto.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) / 1024


def is_decoding(sotto):
    children = pathlib.Path(f"/proc/{sotto.pid}/task/{sotto.pid}/children").read_text().split()
    return any(pathlib.Path(f"/proc/{child}/comm").read_text().startswith("sotto-picture") for child in children)


def wait_decoded(sotto):
    """Until none has been decoded for half a second"""
    still = [time.monotonic()]

    def condition():
        try:
            decoding = is_decoding(sotto)
        except FileNotFoundError:
            decoding = True         # it ended while it was looked at
        if decoding:
            still[0] = time.monotonic()
        return time.monotonic() - still[0] > 0.5
    wait("all in sight to be decoded", condition, 120)


@step(f"A conversation of {N} photographs is opened, and what is not in sight takes no memory")
def _():
    with tempfile.TemporaryDirectory(dir=os.environ["SOTTO_DESKTOP"]) as place:
        names = take_photographs(pathlib.Path(place))
        begin = time.monotonic()
        subprocess.run([FILL, str(person.data_folder()), PASSPHRASE, "0", "0", *names], check=True, timeout=300)
        person.note(f"filled in {time.monotonic() - begin:.1f} s")
    sotto = journey.sotto = Sotto()
    sotto.see("label", "Your Conversations Are Locked")
    sotto.go_to_entry("Passphrase")
    sotto.type(PASSPHRASE)
    sotto.keys("Return")
    sotto.see("list item", "Ten thousand")
    before = measure(sotto)
    begin = time.monotonic()
    sotto.open("Ten thousand")
    sotto.see("button", f"Picture: photograph-{N - 1:03}.jpg")
    shown = time.monotonic() - begin
    wait_decoded(sotto)
    after = measure(sotto)
    person.note(f"on the screen after {shown:.2f} s, decoded after {time.monotonic() - begin - 0.5:.2f} s; "
                f"{before:.0f} MB before, {after:.0f} MB after")
    sotto.screenshot("photographs")
    check(after - before < MOST_MB, f"it took {after - before:.0f} MB")


@step("One is looked at in full, and let go with its dialog")
def _():
    sotto = journey.sotto
    name = f"photograph-{N - 1:03}.jpg"
    before = measure(sotto)
    sotto.see("button", f"Picture: {name}").press()
    sotto.see("label", name, within=lambda root: root.find("dialog"))
    wait_decoded(sotto)
    sotto.screenshot("photographs-one")
    sotto.keys("Escape")
    sotto.gone("dialog")
    after = measure(sotto)
    person.note(f"{before:.0f} MB before, {after:.0f} MB after")
    check(after - before < MOST_MB, f"it took {after - before:.0f} MB")


@step("It ends as usual")
def _():
    check(journey.sotto.quit() == 0, "its exit status was not 0")


if __name__ == "__main__":
    raise SystemExit(journey.run())
