"""What the steps of `go` share: programs that were carried along, time that is left, and what is written down."""
import contextlib
import json
import os
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
STEP_SECONDS = 480
# No kernel begins before the one before it has ended.
IN_TURN = {"SOTTO_CUDA_EARLY": "0"}
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

    def run(self, log, command, seconds=STEP_SECONDS, **environment):
        """Status and output; the status is None where there was no time or no such program."""
        seconds = min(seconds, self.left())
        if seconds < 5:
            return None, "no time was left"
        own = {"G_TEST_SRCDIR": f"{HERE}/tests", "G_TEST_BUILDDIR": f"{HERE}/tests", "SOTTO_CUDA_MODULE": self.module,
               "LC_ALL": "C.UTF-8"}
        try:
            # An unbuffered file, so that a program that is ended leaves what it said.
            with open(f"{self.out}/{self.step}.log", "ab") as file:
                file.write(f"\n== {log} ==\n".encode())
                file.flush()
                began = file.tell()
                status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                        timeout=seconds, env=os.environ | own | environment).returncode
        except subprocess.TimeoutExpired:
            status = None
        except OSError as problem:
            return None, str(problem)
        with open(f"{self.out}/{self.step}.log", "rb") as file:
            file.seek(began)
            said = file.read().decode(errors="replace")
        return status, said if status is not None else said + f"\nended after {seconds:.0f} s"

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
        """Runs a test program and counts its cases."""
        status, said = self.run(log, command, seconds)
        lines = [line.strip() for line in said.splitlines()]
        failed = [line for line in lines if line.startswith("not ok")]
        skipped = [line for line in lines if line.startswith("ok") and "# SKIP" in line.upper()]
        passed = sum(line.startswith("ok") for line in lines) - len(skipped)
        words = f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped"
        if skipped:
            words += f" ({skipped[0].split('#', 1)[1].strip()})"
        if status != 0:
            words += f"; status {status}, last: {lines[-1] if lines else 'nothing'}"
        well = None if status == 0 and passed == 0 and skipped else status == 0 and not failed
        self.note(what, well, words, passed=passed, failed=failed, skipped=len(skipped))

    def json_of(self, log, command, seconds=STEP_SECONDS, **environment):
        """What a program prints as JSON, or None and its words."""
        status, said = self.run(log, command, seconds, **environment)
        if status == 0:
            try:
                return json.loads(said[said.index("{"):]), said
            except ValueError:
                pass
        return None, (said.strip().splitlines() or ["nothing was said"])[-1]


def find_tool(name):
    """A program of the toolkit that may be there."""
    for path in (shutil.which(name), f"/usr/local/cuda/bin/{name}", f"/usr/local/cuda-13.0/bin/{name}"):
        if path and os.access(path, os.X_OK):
            return path
    return None
