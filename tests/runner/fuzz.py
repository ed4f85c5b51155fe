"""Runs the fuzz targets with libFuzzer; what broke one becomes a file for the corpus in the tree."""
import concurrent.futures
import os
import subprocess
import time

import meson

FOLDER = "_build-fuzz"
OPTIONS = ["-Dfuzz=true", "-Dwerror=true", "-Dbuildtype=debugoptimized", "-Db_lundef=false",
           "-Db_sanitize=address,undefined", "-Dc_args=-fsanitize=fuzzer-no-link"]


def fuzz_one(name, program, seconds):
    """The problem ('' when none), and what libFuzzer said."""
    target = name.removeprefix("fuzz-")
    finds = meson.REPO / FOLDER / "corpus" / target
    finds.mkdir(parents=True, exist_ok=True)
    corpora = [finds]
    kept = meson.REPO / "tests/fuzz/corpus" / target
    if kept.is_dir():
        corpora.append(kept)
    artifacts = meson.REPO / FOLDER / f"broke-{target}-"
    done = subprocess.run([program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=4096",
                           "-print_final_stats=1", f"-artifact_prefix={artifacts}", *corpora],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, "ASAN_OPTIONS": "print_legend=0:allocator_may_return_null=1",
                               "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
    if done.returncode == 0:
        return "", done.stdout
    return (f"exit status {done.returncode}; keep the input named below in "
            f"tests/fuzz/corpus/{target}/"), done.stdout


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
