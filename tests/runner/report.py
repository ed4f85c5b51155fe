"""What the person at the terminal sees: a line a test, then skips, failures and the totals."""
import collections
import sys

import tap

TAIL = 60
GLANCE = 6


def glance(output):
    """What was said since the last case that passed, its beginning and its end: whoever sees only a part of a run sees why."""
    lines = output.strip().splitlines()
    failed = next((at for at, line in enumerate(lines) if line.startswith("not ok")), len(lines) - 1)
    begin = next((at + 1 for at in range(failed - 1, -1, -1) if lines[at].startswith("ok")), 0)
    said = lines[begin:failed + 1]
    return said if len(said) <= 2 * GLANCE else [*said[:GLANCE], "…", *said[-GLANCE:]]


class Report:
    def __init__(self):
        self.counts = collections.Counter()
        self.skips = []
        self.failures = []
        self.unsteady = []

    def put_off(self, name, cases, seconds, output):
        """A test that failed and is run once more; what it comes to then is what counts."""
        self.unsteady.append(name)
        print(f"{'again':8}{name:40} failed, to be run once more  ({seconds:.1f} s)", flush=True)
        for line in glance(output):
            print(f"        | {line}", flush=True)

    def add(self, name, cases, seconds, output):
        """One test program, or one check of the runner itself. `output` is shown if it failed."""
        counts = collections.Counter(case.state for case in cases)
        self.counts += counts
        self.skips += [(name, case) for case in cases if case.state == tap.SKIPPED]
        failed = [case for case in cases if case.state == tap.FAILED]
        if failed:
            self.failures.append((name, failed, output))
            self.unsteady = [other for other in self.unsteady if other != name]
        parts = [f"{counts[state]} {state}" for state in (tap.PASSED, tap.FAILED, tap.SKIPPED)
                 if counts[state]]
        mark = "FAILED" if failed else "ok" if counts[tap.PASSED] else "skipped"
        print(f"{mark:8}{name:40} {', '.join(parts)}  ({seconds:.1f} s)", flush=True)
        for line in glance(output) if failed else ():
            print(f"        | {line}", flush=True)

    def check(self, name, seconds, problem="", output=""):
        """A check that is one case: done when `problem` is empty."""
        state = tap.FAILED if problem else tap.PASSED
        self.add(name, [tap.Case(name, state, problem)], seconds, output)

    def skip(self, name, reason):
        self.add(name, [tap.Case(name, tap.SKIPPED, reason)], 0, "")

    def close(self):
        """Prints the summary; the exit status."""
        if self.skips:
            print("\nSkipped:")
            for name, case in self.skips:
                print(f"  {name}  {case.name}: {case.reason}")
        for name, cases, output in self.failures:
            print(f"\nFAILED: {name}")
            for case in cases:
                print(f"  {case.name}" + (f": {case.reason}" if case.reason else ""))
            for line in output.strip().splitlines()[-TAIL:]:
                print(f"    | {line}")
        if self.unsteady:
            print(f"\nUnsteady, passed by themselves after they had failed among others: {', '.join(self.unsteady)}")
        ran = self.counts[tap.PASSED] + self.counts[tap.FAILED]
        if ran == 0:
            print("tests/run: no test was run", file=sys.stderr)
        line = f"{self.counts[tap.PASSED]} passed, {self.counts[tap.FAILED]} failed"
        if self.counts[tap.SKIPPED]:
            line += f", {self.counts[tap.SKIPPED]} skipped"
        sys.stderr.flush()
        print(f"\n{line}", flush=True)
        return 1 if ran == 0 or self.counts[tap.FAILED] else 0
