"""Runs the fuzz targets with libFuzzer; what broke one becomes a file for the corpus in the tree."""
import concurrent.futures
import os
import shutil
import subprocess
import sys
import time

import meson

FOLDER = "_build-fuzz"
OPTIONS = ["-Dfuzz=true", "-Dwerror=true", "-Dbuildtype=debugoptimized", "-Db_lundef=false",
           "-Db_sanitize=address,undefined", "-Dc_args=-fsanitize=fuzzer-no-link"]


FUZZ = meson.REPO / "tests/fuzz"

# No input may take a second, which here, sanitized and watched, is about ten of the processor's;
# libFuzzer's own watch also counts the time that others have it.
SLOW, STUCK = 10, 60

# More to start from, where it is there.
SHARED = {"template": meson.REPO.parent / "shared/templates"}


def corpora(target):
    """Where libFuzzer keeps what it finds useful, then what it starts from: the inputs kept in the
    tree, and what make-TARGET-corpus.py makes of other fixtures."""
    found = meson.REPO / FOLDER / "corpus" / target
    seeds = meson.REPO / FOLDER / "seeds" / target
    for folder in (found, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    maker = FUZZ / f"make-{target}-corpus.py"
    if maker.exists():
        subprocess.run([sys.executable, "-B", maker, seeds], stdin=subprocess.DEVNULL, check=True)
    more = [FUZZ / "corpus" / target, *([SHARED[target]] if target in SHARED else [])]
    return [found, seeds, *(folder for folder in more if folder.is_dir())]


def processor_seconds(program, path):
    child = subprocess.Popen([program, path], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime


def fuzz_one(name, program, seconds):
    """The problem ('' when none), and what libFuzzer said."""
    target = name.removeprefix("fuzz-")
    finds = meson.REPO / FOLDER / "finds" / f"{target}-{time.strftime('%Y%m%d-%H%M%S')}"
    finds.mkdir(parents=True)
    dictionary = FUZZ / "dictionaries" / target
    options = [f"-dict={dictionary}"] if dictionary.exists() else []
    done = subprocess.run([program, f"-max_total_time={seconds}", f"-timeout={STUCK}",
                           f"-report_slow_units={SLOW}", "-rss_limit_mb=4096",
                           "-print_final_stats=1", f"-artifact_prefix={finds}/", *options,
                           *corpora(target)],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, "ASAN_OPTIONS": "print_legend=0:allocator_may_return_null=1",
                               "LSAN_OPTIONS": f"suppressions={meson.REPO}/tests/runner/lsan.supp:print_suppressions=0",
                               "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    for path in finds.glob("slow-unit-*"):
        if processor_seconds(program, path) < SLOW:
            path.unlink()
    inputs = sorted(finds.iterdir())
    if done.returncode == 0 and not inputs:
        shutil.rmtree(finds)
        return "", done.stdout
    saved = ", ".join(str(path.relative_to(meson.REPO)) for path in inputs) or "no input"
    what = f"exit status {done.returncode}" if done.returncode else f"more than {SLOW} s"
    return f"{what}: {saved}; once mended, keep it in tests/fuzz/corpus/{target}/", done.stdout


def executions(output):
    for line in output.splitlines():
        if line.startswith("stat::number_of_executed_units:"):
            return int(line.split()[-1])
    return 0


def run(seconds, names, report):
    os.environ["CC"] = "clang"
    if not meson.build(FOLDER, OPTIONS, ["fuzzers"]):
        report.check("fuzz build", 0, "it does not build (see above)")
        return
    targets = {name: program for name, program in meson.executables(FOLDER, "fuzz-").items()
               if not names or any(part in name for part in names)}

    def one(item):
        start = time.monotonic()
        problem, output = fuzz_one(*item, seconds)
        if not problem and not executions(output):
            problem = "it executed nothing"
        return item[0], time.monotonic() - start, problem, output

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, took, problem, output in pool.map(one, targets.items()):
            print(f"{name}: {executions(output)} inputs tried", flush=True)
            report.check(name, took, problem, output)
