#!/usr/bin/env python3
"""A model that really runs says what colour a picture has (TAP): through file, encoder, projector, template and timeline.

Usage: test-seeing.py TOOL, the built sotto-engine. The model is the small starter; what it sees with is vision/make-colours'.
"""
import json
import os
import subprocess
import sys
import tempfile

from grammar_peer import Tap

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{here}/peer")
import peer

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "yellow": (255, 255, 0)}
MODEL = os.path.join(os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share"),
                     "sotto/models/SmolLM2-135M-Instruct.Q4_1.gguf")


def write(folder, name, sides=(40, 40)):
    """A pixmap of one colour."""
    path = f"{folder}/{name}-{sides[0]}.ppm"
    with open(path, "wb") as file:
        file.write(b"P6\n%d %d\n255\n" % sides + bytes(COLOURS[name]) * (sides[0] * sides[1]))
    return path


def ask(tool, eyes, prompt, pictures, *options):
    command = [tool, "generate", "--temperature", "0", "--max-tokens", "12", "--receipt", "--prompt", prompt, *options]
    for picture in pictures:
        command += ["--vision", eyes, "--image", picture]
    done = subprocess.run([*command, MODEL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    lines = done.stderr.splitlines()
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.lower(), json.loads(lines[-1])


def check(tap, tool, eyes, folder):
    for name in COLOURS:
        said, receipt = ask(tool, eyes, "is a colour. Name it.", [write(folder, name)])
        others = [other for other in COLOURS if other != name and other in said]
        tap.result(name in said and not others, f"a {name} picture", said)
        tap.result(receipt["image_tokens"] == 1 and receipt["vision"] == eyes and receipt["looking_us"] > 0,
                   f"its receipt ({name})", receipt)

    said, receipt = ask(tool, eyes, "are colours. Name them.", [write(folder, "red"), write(folder, "blue")])
    tap.result(0 <= said.find("red") < said.find("blue"), "two pictures, in their order", said)
    tap.result(receipt["image_tokens"] == 2, "both in the receipt", receipt)

    said, first = ask(tool, eyes, "is a colour. Name it.", [write(folder, "green", (60, 40))])
    tap.result("green" in said, "a wide one", said)
    same = [ask(tool, eyes, "is a colour. Name it.", [write(folder, "green", (60, 40))], *options)
            for options in (["--threads", "1"], ["--speculation", "always"], ["--speculation", "never"])]
    tap.result(all(text == said for text, _ in same), "the same on one thread, and however tokens are guessed", same)
    tap.result(all(receipt["prompt_sha256"] == first["prompt_sha256"] for _, receipt in same), "the same prompt", same)


def main():
    if not os.path.exists(MODEL):
        print(f"1..0 # SKIP {MODEL} is not there")
        return 0
    if not peer.ready():
        print("1..0 # SKIP the peer is not prepared (tests/engine/peer/prepare makes it)")
        return 0
    made = subprocess.run([f"{here}/vision/make-colours"], stdout=subprocess.PIPE, text=True, check=True)
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        check(tap, sys.argv[1], made.stdout.splitlines()[-1], folder)
    return tap.close()


sys.exit(main())
