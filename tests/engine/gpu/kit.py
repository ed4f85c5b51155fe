"""What the steps of `go` share: programs that were carried along, time that is left, and what is written down."""
import contextlib
import json
import math
import os
import re
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# A lean kit (pack) has none of its own: they are in the tree that it is used in.
TESTS = f"{HERE}/tests" if os.path.isdir(f"{HERE}/tests/engine/families") else os.path.abspath("tests")
STEP_SECONDS = 480
# A test that says nothing for so long hangs: the longest takes a tenth of that.
QUIET_SECONDS = 60
# What is said of a case that was wrong in many; the log has all.
MOST_SHAPES = 8
# No kernel begins before the one before it has ended.
IN_TURN = {"SOTTO_CUDA_EARLY": "0"}
# Who waits for a token looks again and again.
AWAKE = {"SOTTO_CUDA_SLEEP": "0"}
# A device of 9.0 without what it alone has.
WITHOUT_WGMMA = {"SOTTO_CUDA_HOPPER": "0"}
# Where drivers lie that no cache of libraries knows, as in containers.
DRIVERS = ("/usr/local/nvidia/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib")


class Kit:
    def __init__(self, step, out, emulated, ends):
        self.step, self.out, self.emulated = step, out, emulated
        self.began = time.monotonic()
        self.ends = min(self.began + STEP_SECONDS, ends)
        self.results, self.lines, self.well = {}, [], True
        kind = "-emulated" if emulated else ""
        self.module = f"{HERE}/modules/sotto-cuda{kind or '-13'}.so"
        self.probes = f"{HERE}/modules/cuda-probes{kind}.so"
        self.say(f"== {step}{', emulated' if emulated else ''} ==")

    # --- Writing down ---

    def say(self, line):
        print(line, flush=True)
        self.lines.append(line)

    def note(self, what, well, *words, **numbers):
        """One thing that was tried; well: None where it could not be."""
        self.results[what] = {"well": well, "said": " ".join(map(str, words)), **numbers}
        self.well = self.well and well is not False
        mark = "skipped" if well is None else "ok" if well else "FAILED"
        self.say(f"{mark:8}{what}{': ' if words else ''}{' '.join(map(str, words))}")
        self.write()

    def write(self):
        """After each thing: whoever lent the machine may end us."""
        with open(f"{self.out}/{self.step}.json", "w") as file:
            json.dump(self.results | {"seconds": round(time.monotonic() - self.began, 1)}, file, indent=1)
        with open(f"{self.out}/{self.step}.txt", "w") as file:
            file.write("\n".join(self.lines) + "\n")

    def finish(self):
        self.write()
        return self.well

    def has_device(self):
        """Whether to go on: where there are a driver's tools, tests say better what is wrong."""
        status, said = self.run("devices", self.program("sotto-engine", "devices"), 60)
        if status is None:
            self.note("GPU", False, "it was not looked for:", said.strip().splitlines()[-1])
            return False
        if status == 0 and "no GPU" not in said or find_tool("nvidia-smi"):
            return True
        self.note("GPU", False, "there is none that Sotto can use:", said.strip().splitlines()[-1] if said else "")
        return False

    # --- Running ---

    def left(self):
        return self.ends - time.monotonic()

    def program(self, name, *arguments):
        """A program of ours, with the loader and the libraries it was built with: those here may be older."""
        folders = [f"{HERE}/lib", *os.environ.get("LD_LIBRARY_PATH", "").split(":"), *DRIVERS]
        return [f"{HERE}/lib/ld-linux-x86-64.so.2", "--library-path",
                ":".join(folder for folder in folders if os.path.isdir(folder)), f"{HERE}/bin/{name}",
                *map(str, arguments)]

    def beside(self):
        """A folder with those of our libraries that are no part of libc: with it programs may start by the machine's own loader."""
        folder = f"{HERE}/beside"
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(f"{HERE}/lib"):
            if not re.match(r"(ld-linux.*|lib(c|m|dl|rt|util|pthread|gcc_s|stdc\+\+))\.", name) and not os.path.lexists(f"{folder}/{name}"):
                os.symlink(f"{HERE}/lib/{name}", f"{folder}/{name}")
        return folder

    def run(self, log, command, seconds=STEP_SECONDS, quiet=math.inf, **environment):
        """Status and output; the status is None where there was no time, no word for too long, or no such program."""
        seconds = min(seconds, self.left())
        if seconds < 5:
            return None, "no time was left"
        own = {"G_TEST_SRCDIR": TESTS, "G_TEST_BUILDDIR": TESTS, "SOTTO_CUDA_MODULE": self.module, "LC_ALL": "C.UTF-8"}
        try:
            # An unbuffered file, so that a program that is ended leaves what it said.
            with open(f"{self.out}/{self.step}.log", "ab") as file:
                file.write(f"\n== {log} ==\n".encode())
                file.flush()
                began = file.tell()
                with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                      env=os.environ | own | environment) as process:
                    status = self.wait(process, file, seconds, quiet)
        except OSError as problem:
            return None, str(problem)
        with open(f"{self.out}/{self.step}.log", "rb") as file:
            file.seek(began)
            said = file.read().decode(errors="replace")
        return status, said if status is not None else said + "\nended, since it took too long"

    @staticmethod
    def wait(process, file, seconds, quiet):
        """Its status, or None: it was ended."""
        began = spoke = time.monotonic()
        size = 0
        try:
            while True:
                try:
                    return process.wait(min(1, seconds))
                except subprocess.TimeoutExpired:
                    now = time.monotonic()
                    if os.fstat(file.fileno()).st_size > size:
                        size, spoke = os.fstat(file.fileno()).st_size, now
                    if now - began > seconds or now - spoke > quiet:
                        return None
        finally:
            process.kill()

    @contextlib.contextmanager
    def little_memory(self, mib):
        """Says what is left of the device's memory while others have the rest."""
        environment = os.environ | {"SOTTO_CUDA_MODULE": self.module, "LC_ALL": "C.UTF-8"}
        with subprocess.Popen(self.program("device-speed", "--leave", mib), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, env=environment) as process:
            try:
                yield process.stdout.readline().strip()
            finally:
                process.stdin.close()

    def tap(self, what, log, command, seconds=STEP_SECONDS):
        """Runs a test program and counts its cases. A case that fails ends the program, and may take the device with it for as
        long as that lives: those behind it are then run each by itself, so that all is known that can be."""
        ends = time.monotonic() + seconds
        _, said = self.run(f"{log}, a list", [*command, "-l"], 60)
        names = read_names(said)
        status, said = self.run(log, command, seconds, self.quiet())
        cases = read_cases(said)
        if not names and not cases:
            self.note(what, False, f"status {status}, last: {(said.strip().splitlines() or ['nothing'])[-1]}")
            return
        for name in names:
            left = min(ends - time.monotonic(), self.left())
            if name in cases or left < 5:
                continue
            own_status, said = self.run(f"{log} {name}", [*command, "-p", name], left, self.quiet())
            words = describe_end(said)
            cases |= read_cases(said) or {name: ("failed", f"status {own_status}: {words}")}
        self.count_cases(what, names, cases)

    def quiet(self):
        """On no device all takes as long as it takes."""
        return math.inf if self.emulated else QUIET_SECONDS

    def count_cases(self, what, names, cases):
        failed, skipped, passed = ([words for state, words in cases.values() if state == wanted]
                                   for wanted in ("failed", "skipped", "passed"))
        missed = [name for name in names if name not in cases]
        words = f"{len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped"
        if skipped:
            words += f" ({skipped[0]})"
        if missed:
            words += f"; no time was left for {len(missed)}, from {missed[0]} on"
        self.note(what, None if skipped and not passed and not failed else not failed and not missed, words, passed=len(passed),
                  failed={name: words for name, (state, words) in cases.items() if state == "failed"}, skipped=len(skipped),
                  missed=missed)
        for name, (state, words) in cases.items():
            if state == "failed":
                self.say(f"        {name}: {words}")

    def json_of(self, log, command, seconds=STEP_SECONDS, **environment):
        """What a program prints as JSON, or None and its words."""
        status, said = self.run(log, command, seconds, **environment)
        if status == 0:
            try:
                return json.loads(said[said.index("{"):]), said
            except ValueError:
                pass
        return None, (said.strip().splitlines() or ["nothing was said"])[-1]


def read_names(said):
    """Of a test program's list, whose lines newer versions of GLib make comments."""
    return [line.strip(" #") for line in said.splitlines() if line.strip(" #").startswith("/")]


def read_cases(said):
    """Of TAP: name → (passed, failed or skipped, why)."""
    cases, last = {}, []
    for line in said.splitlines():
        match = re.match(r"(not )?ok\b *\d* *(/\S+)(.*)", line)
        if match is None:
            last.append(line)
            continue
        skip = re.search(r"# *SKIP *(.*)", match[3], re.I)
        state = "failed" if match[1] else "skipped" if skip else "passed"
        why = describe_end("\n".join([*last, match[3].removeprefix(" - ")]))
        cases[match[2]] = state, skip[1].strip() if skip else why if match[1] else ""
        last = []
    return cases


def describe_end(said):
    """Which shapes were wrong, and else the last that was said; of neither what says nothing."""
    idle = re.compile(r"$|(Start|End) of .* tests|random seed|TAP version|\d+\.\.\d+$|\*\*$|Bail out!$")
    lines = [line.strip(" #") for line in said.splitlines()]
    lines = [line for line in lines if not idle.match(line)]
    shapes = [line for line in lines if re.search(r": \d+ of \d+ elements", line)]
    lines = [*shapes[:MOST_SHAPES], f"and {len(shapes) - MOST_SHAPES} more"] if len(shapes) > MOST_SHAPES else shapes or lines[-4:]
    return " | ".join(dict.fromkeys(lines))[:1500] or "nothing was said"


def find_tool(name):
    """A program of the toolkit that may be there."""
    for path in (shutil.which(name), f"/usr/local/cuda/bin/{name}", f"/usr/local/cuda-13.0/bin/{name}"):
        if path and os.access(path, os.X_OK):
            return path
    return None
