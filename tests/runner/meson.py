"""Building with meson, and running its tests while reading their results as they come."""
import json
import os
import pathlib
import signal
import subprocess
import time

import tap

REPO = pathlib.Path(__file__).resolve().parents[2]
# The folders of tests that have a window, and how many of these may fail and be run once more
WINDOWS = ("end-to-end/", "ui/")
FEW = 4


def build(folder, options, targets=()):
    """True when it could be built; .ci/build prints why not."""
    command = [REPO / ".ci/build", folder, *options, *targets]
    return subprocess.run(command, stdin=subprocess.DEVNULL).returncode == 0


def introspect(folder, what):
    done = subprocess.run(["meson", "introspect", f"--{what}", REPO / folder],
                          stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def executables(folder, prefix):
    return {target["name"]: target["filename"][0] for target in introspect(folder, "targets")
            if target["type"] == "executable" and target["name"].startswith(prefix)}


def select(tests, names, everything):
    """The tests whose name contains one of `names`; without names all that are not long, or all.

    A name that is asked for runs even when it is long."""
    def is_long(test):
        return any(suite.split(":")[-1] == "long" for suite in test["suite"])

    if names:
        return [test["name"] for test in tests if any(name in test["name"] for name in names)]
    return [test["name"] for test in tests if everything or not is_long(test)]


def problem_of(result):
    """A word for an end that is not fine; meson's own verdict covers signals and time-outs."""
    verdict, status = result["result"], result["returncode"]
    if verdict in ("OK", "SKIP", "EXPECTEDFAIL"):
        return ""
    if verdict == "TIMEOUT":
        return f"took longer than it may ({result['duration']:.0f} s)"
    if isinstance(status, int) and status < 0:
        return f"ended by {signal.Signals(-status).name}"
    return f"{verdict.lower()}, exit status {status}"


def run(folder, names, report, prefix="", environment=None, timeout_factor=1):
    """Runs the tests called `names`, one more at a time than there are processors, and reports each as it ends: many of
    them wait most of the time, for a window or for a clock.

    A window on a busy machine may keep a test waiting for longer than it does. So a few that failed and have to do with one are
    run once more, by themselves; those that pass then are said to be unsteady. Whatever computes the same each time is not."""
    failed = []

    def add(result, again=False):
        name = prefix + result["name"].rsplit(" / ", 1)[-1]
        stdout, stderr = result.get("stdout") or "", result.get("stderr") or ""
        judged = (name, tap.judge(stdout, problem_of(result)), result["duration"], f"{stdout}\n{stderr}")
        if not again and name.removeprefix(prefix).startswith(WINDOWS) and tap.has_failed(judged[1]):
            failed.append(judged)
            report.put_off(*judged)
        else:
            report.add(*judged)

    processes = (os.cpu_count() or 1) + 1
    run_once(folder, names, processes, report, prefix, environment, timeout_factor, add)
    if len(failed) > FEW:
        for judged in failed:
            report.add(*judged)
    elif failed:
        names = [name.removeprefix(prefix) for name, *_ in failed]
        run_once(folder, names, 1, report, f"{prefix}again ", environment, timeout_factor, lambda result: add(result, True))


def run_once(folder, names, processes, report, prefix, environment, timeout_factor, add):
    """Hands each result to add() as it comes."""
    logs = REPO / folder / "meson-logs"
    base = f"run-{prefix.strip().replace(' ', '-') or 'plain'}"
    log = logs / f"{base}.json"
    log.unlink(missing_ok=True)
    command = ["meson", "test", "-C", REPO / folder, "--no-rebuild", "--quiet",
               "--logbase", base, "--num-processes", str(processes),
               "--timeout-multiplier", str(timeout_factor), *names]
    with open(logs / f"{base}.out", "w+") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env={**os.environ, **(environment or {})})
        seen = 0
        try:
            while True:
                ended = process.poll() is not None
                results = read_log(log, seen)
                seen += len(results)
                for result in results:
                    add(result)
                if ended:
                    break
                time.sleep(0.1)
        except BaseException:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        output.seek(0)
        if seen != len(names):
            report.check(f"{prefix}all tests run", 0, f"{seen} of {len(names)} gave a result",
                         output.read())


def read_log(log, seen):
    """The results after the first `seen`; meson appends a line of JSON a test, perhaps half of it."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return []
    lines = text[:text.rfind("\n") + 1].splitlines()
    return [json.loads(line) for line in lines[seen:]]
