"""Reads what one test program printed: TAP 12 to 14, as GLib's and our Python tests write it."""
import dataclasses
import re

# "not ok 3 - name # SKIP why"; a name may hold anything, and the number may be missing.
LINE = re.compile(r"(?P<not>not )?ok\b[ \t]*(?P<number>\d+)?[ \t]*(?:- )?(?P<name>.*?)"
                  r"(?:[ \t]+#[ \t]*(?P<directive>SKIP|TODO)\S*[ \t]*(?P<reason>.*))?$", re.I)
PLAN = re.compile(r"1\.\.(?P<count>\d+)(?:[ \t]*#[ \t]*SKIP\S*[ \t]*(?P<reason>.*))?", re.I)

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclasses.dataclass
class Case:
    name: str
    state: str
    reason: str = ""


def read(text):
    """The cases on the outermost level, and how many the plan promised (None without a plan).

    Lines of a subtest are indented and are not counted: their parent's line says how they went."""
    cases, planned = [], None
    for line in text.splitlines():
        if plan := PLAN.match(line):
            planned = int(plan["count"])
            if planned == 0:
                cases.append(Case("all of it", SKIPPED, plan["reason"] or "no reason given"))
        elif case := LINE.match(line):
            directive = (case["directive"] or "").upper()
            name = case["name"].strip() or f"case {case['number'] or len(cases) + 1}"
            if directive == "SKIP":
                cases.append(Case(name, SKIPPED, case["reason"].strip() or "no reason given"))
            elif directive == "TODO" and case["not"]:
                cases.append(Case(name, SKIPPED, f"expected to fail: {case['reason'].strip()}"))
            else:
                cases.append(Case(name, FAILED if case["not"] else PASSED))
    return cases, planned


def judge(text, problem):
    """The cases of a program that ended with `problem` (a word of why it is not fine, or '').

    What went wrong outside of any case, such as a crash, a time-out, a plan that was not kept or a
    program that printed nothing, counts as one failed case."""
    cases, planned = read(text)
    if has_failed(cases):
        return cases
    ran = len(cases) if planned != 0 else 0
    if problem:
        cases.append(Case("the program itself", FAILED, problem))
    elif planned is None or ran != planned:
        cases.append(Case("the plan", FAILED, f"{planned} cases planned, {ran} seen"))
    return cases


def has_failed(cases):
    return any(case.state == FAILED for case in cases)
