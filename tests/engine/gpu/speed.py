"""speed: the table that the issue asks for, on models of the right shape and random weights."""
import json
import os
import shutil
import tempfile
import time

import look
import synthetic
from kit import AWAKE, IN_TURN, WITHOUT_WGMMA

N_DECODED, N_DEEP = 128, 64

# Model, what is measured, tokens, and the share of the roof to reach.
TESTS = [
    ("1b", "decode", 0, 0.55), ("1b", "decode", 32768, None), ("1b", "prefill", 512, None), ("1b", "prefill", 4096, None),
    ("8b", "decode", 0, 0.75), ("8b", "decode", 32768, 0.70), ("8b", "prefill", 512, None), ("8b", "prefill", 4096, None),
    ("30b-a3b", "decode", 0, 0.40), ("30b-a3b", "decode", 32768, None), ("30b-a3b", "prefill", 512, None),
    ("30b-a3b", "prefill", 4096, None),
]
LOADING = 0.80
# A mixture of which a GPU of a person's own has the room for all but experts.
LITTLE_MIB = 8192
LITTLE_TESTS = [("30b-a3b", "decode", 0), ("30b-a3b", "prefill", 512)]
# What it gives that kernels begin early: the same without, in turns.
EARLY_TESTS = [("1b", "decode", 0), ("8b", "decode", 0), ("1b", "prefill", 512)]
# What it costs that a wait for a token sleeps once it is long.
SLEEP_TESTS = [("1b", "decode", 0), ("8b", "decode", 0)]
# What products by four warps give (wgmma, which 9.0 alone has), in the same way.
WGMMA_TESTS = [("8b", "prefill", 512), ("8b", "prefill", 4096), ("1b", "prefill", 512), ("30b-a3b", "prefill", 4096)]

# Of all models, and as much again for who reads them.
MEMORY, MODEL_BYTES = "/dev/shm", 50e9


def find_folder():
    """A disk that is lent may be slower to write to than the time that is lent with it allows."""
    if os.environ.get("MODELS"):
        return os.environ["MODELS"]
    has_room = os.path.isdir(MEMORY) and shutil.disk_usage(MEMORY).free > MODEL_BYTES
    return MEMORY if has_room else tempfile.gettempdir()


def make_model(kit, name, s):
    folder = find_folder()
    path = f"{folder}/sotto-random-{name}{'-small' if kit.emulated else ''}.gguf"
    began = time.monotonic()
    if not os.path.exists(path):
        synthetic.write(f"{path}.part", s)
        os.rename(f"{path}.part", path)
    kit.note(f"{name} is there", True, f"{os.path.getsize(path) / 1e9:.2f} GB in {folder}, made in {time.monotonic() - began:.1f} s")
    return path


def measure(kit, name, path, what, n, **environment):
    """Tokens a second, and what bench said; (nullable)"""
    if kit.emulated:
        n = min(n, 24)
    decoded = 4 if kit.emulated else N_DEEP if n else N_DECODED
    sizes = ["-p", n, "-n", 0] if what == "prefill" else ["-p", 0, "-n", decoded, "-d", n]
    found, said = kit.json_of(f"{name}-{what}-{n}", kit.program("sotto-engine", "bench", path, "--json", "--backend", "cuda",
                              *sizes, "--repeat", 1 if kit.emulated else 3), 150, **environment)
    if found is None:
        return None, said, n, decoded
    return found[f"{what}_tokens_per_second"], found, n, decoded


def run(kit):
    device = look.measure_device(kit)
    copied = device["copy_gb_per_s"] * 1e9 if device else None
    rows, models = [], {}
    for name, what, n, target in TESTS:
        s = synthetic.shape(name, 1 if kit.emulated else None, 1024 if kit.emulated else None)
        try:
            path = models[name] = models.get(name) or make_model(kit, name, s)
        except OSError as problem:
            kit.note(f"{name} {what} {n}", False, problem)
            continue
        speed, found, n, decoded = measure(kit, name, path, what, n)
        if speed is None:
            kit.note(f"{name} {what} {n}", False, found)
            continue
        row = {"model": name, "phase": what, "tokens": n, "tokens_per_s": speed, "to_reach": target}
        if what == "decode":
            row["gb_per_s"] = speed * (synthetic.touched(s) + synthetic.kv_bytes(s) * (n + decoded / 2)) / 1e9
            row["of_roof"] = row["gb_per_s"] * 1e9 / copied if copied else None
        else:
            row["tera_operations_per_s"] = synthetic.operations(s, n) / n * speed / 1e12
        rows.append(row)
        with open(f"{kit.out}/table.json", "w") as file:
            json.dump({"device": device, "rows": rows}, file, indent=1)
        well = True if target is None or kit.emulated else bool(copied) and row["of_roof"] >= target
        kit.note(f"{name} {what} {n}", well, describe(row), **row, bench=found)
        if what == "decode" and n == 0:
            note_loading(kit, name, device, found)
    measure_both(kit, models, EARLY_TESTS, IN_TURN, "kernels begun early and in turn")
    measure_both(kit, models, SLEEP_TESTS, AWAKE, "waits that sleep and that look on")
    measure_both(kit, models, WGMMA_TESTS, WITHOUT_WGMMA, "with wgmma and without")
    measure_little(kit, models)


def measure_both(kit, models, tests, other, words):
    for name, what, n in tests:
        if name not in models:
            continue
        speeds = []
        for environment in [{}, other] * (1 if kit.emulated else 2):
            speed, found, _, _ = measure(kit, name, models[name], what, n, **environment)
            speeds.append(speed)
        label = f"{name} {what} {n}, {words}"
        if None in speeds:
            kit.note(label, False, found)
            continue
        kit.note(label, True, ", ".join(f"{speed:.1f}" for speed in speeds), "tokens/s", speeds=speeds)


def measure_little(kit, models):
    """What a GPU with little memory and this machine's processor do together; no roof is known for it."""
    # An emulated device is its process's own, so that none is taken away.
    with kit.little_memory(1 << 20 if kit.emulated else LITTLE_MIB) as left:
        for name, what, n in LITTLE_TESTS:
            if name not in models:
                continue
            speed, found, n, _ = measure(kit, name, models[name], what, n)
            label = f"{name} {what} {n} with little memory"
            if speed is None:
                kit.note(label, False, found)
                continue
            kit.note(label, "experts" in found["backend"] or kit.emulated, f"{speed:10.1f} tokens/s; {left}; {found['backend']},",
                     f"{found['threads']} threads", bench=found)


def describe(row):
    words = f"{row['tokens_per_s']:10.1f} tokens/s"
    if row["phase"] == "prefill":
        return words + f" {row['tera_operations_per_s']:8.1f} TOP/s"
    words += f" {row['gb_per_s']:8.1f} GB/s"
    if row["of_roof"] is not None:
        words += f", {row['of_roof']:.0%} of a copy"
    return words + (f" (to reach: {row['to_reach']:.0%})" if row["to_reach"] else "")


def note_loading(kit, name, device, found):
    """The file is in the page cache, so that the bus is what limits."""
    size, seconds = found["weight_bytes"], found["open_seconds"]
    speed = size / seconds / 1e9
    share = speed / device["bus_gb_per_s"] if device and device["bus_gb_per_s"] else None
    well = True if kit.emulated or share is None else share >= LOADING
    kit.note(f"{name} loading", well, f"{seconds:.2f} s, {speed:.1f} GB/s" + (f", {share:.0%} of the bus" if share else ""),
             seconds=seconds, gb_per_s=speed, of_bus=share)
