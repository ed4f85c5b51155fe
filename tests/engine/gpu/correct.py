"""correct: the tests that can use a device, and whole models through the engine's own door."""
import array
import concurrent.futures
import glob
import math
import os
import struct
import subprocess
import tempfile

import synthetic
from kit import IN_TURN, TESTS, WITHOUT_WGMMA

# As far as products of many rows, which read halves, may be off of the highest logit; and what such a model's layers
# may make of it (tests/engine/cuda-models.c).
NEAR, FURTHEST = 5e-3, 5e-2
# Shapes whose rows are as wide as those of real models, with fewer of them.
WIDE = {"layers": 2, "vocabulary": 4096}
N_SHORT, N_LONG = 40, 600
# What a model of a family may take, of which most are on their way at once; and a wide one on the plain tier.
FAMILY_SECONDS, WIDE_SECONDS = 45, 240


def floats(path):
    with open(path, "rb") as file:
        read = array.array("f", file.read())
    os.unlink(path)
    return read


def fixture(path):
    with open(path, "rb") as file:
        data = file.read()
    n_tokens, n_rows, n_columns = struct.unpack_from("<3I", data)
    tokens = struct.unpack_from(f"<{n_tokens}i", data, 12)
    return tokens, array.array("f", data[12 + 4 * n_tokens:]), n_columns


def distance(right, got):
    """Of the highest; no number counts as infinitely far."""
    if len(right) != len(got):
        return math.inf
    highest = max(map(abs, right))
    worst = max(abs(a - b) for a, b in zip(right, got))
    return worst / highest if all(map(math.isfinite, got)) else math.inf


def is_near(path, right, got, n_columns):
    """A mixture may choose another of two experts that are nearly alike, and then some tokens differ, not most."""
    off = sorted(distance(right[i:i + n_columns], got[i:i + n_columns]) for i in range(0, len(right), n_columns))
    with open(path, "rb") as file:
        has_experts = b".expert_count" in file.read(1 << 16)
    return len(right) == len(got) and off[len(off) // 2] < FURTHEST and (off[-1] < FURTHEST or has_experts and math.isfinite(off[-1]))


def logits(kit, folder, name, model, tokens, *options, seconds=FAMILY_SECONDS, **environment):
    """What the engine says, as floats, or its words."""
    path = f"{folder}/{name}"
    command = kit.program("sotto-engine", "logits", model, "--tokens", ",".join(map(str, tokens)), "--output", path,
                          "--kv", "f32", *options)
    own = {"SOTTO_CUDA_MODULE": kit.module, "LC_ALL": "C.UTF-8"}
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=max(min(kit.left(), seconds), 1), env=os.environ | own | environment)
    except subprocess.TimeoutExpired:
        return f"it was not done after {seconds} s" if kit.left() > 0 else "no time was left"
    return floats(path) if ran.returncode == 0 else ran.stderr.strip() or f"status {ran.returncode}"


# --- Families ---

def one_family(kit, folder, path):
    """(name, distance or words, whether that is near, whether kernels one after the other give the same bits, words where a layer on
    the GPU is not near)"""
    stem = os.path.basename(path).removesuffix(".logits")
    name = stem if os.path.exists(f"{TESTS}/engine/families/{stem}.gguf") else stem.rsplit(".", 1)[0]
    model = f"{TESTS}/engine/families/{name}.gguf"
    tokens, right, n_columns = fixture(path)
    first = logits(kit, folder, f"{stem}-1", model, tokens, "--backend", "cuda")
    if isinstance(first, str):
        return stem, first, False, None, None
    again = logits(kit, folder, f"{stem}-2", model, tokens, "--backend", "cuda", **IN_TURN)
    split = logits(kit, folder, f"{stem}-3", model, tokens, "--backend", "cuda", "--gpu-layers", "1")
    far = split if isinstance(split, str) else None if is_near(model, right, split, n_columns) else f"{distance(right, split):.1e}"
    return (stem, distance(right, first), is_near(model, right, first, n_columns),
            not isinstance(again, str) and first.tobytes() == again.tobytes(), far)


def families(kit, folder):
    paths = sorted(glob.glob(f"{TESTS}/engine/families/*.logits"))
    if kit.emulated:
        paths = paths[::8]
    with concurrent.futures.ThreadPoolExecutor(min(6, os.cpu_count())) as pool:
        done = list(pool.map(lambda path: one_family(kit, folder, path), paths))
    ran = [entry for entry in done if not isinstance(entry[1], str)]
    if not ran:
        kit.note("families", False, done[0][1] if done else "there are no fixtures")
        return
    for stem, words, *_ in done:
        if isinstance(words, str):
            kit.say(f"        {stem}: {words}")
    far = [f"{stem} {off:.1e}{'' if near else ' FAR'}" for stem, off, near, _, _ in ran if off > NEAR or not near]
    split = [f"{stem} {words}" for stem, _, _, _, words in ran if words is not None]
    kit.note("families beside transformers", len(ran) == len(done) and all(near for _, _, near, _, _ in ran),
             f"{len(ran)} of {len(done)} ran, {len(far)} further off than {NEAR}:", ", ".join(far) or "none",
             distances={stem: off for stem, off, *_ in ran})
    other = [stem for stem, _, _, is_same, _ in ran if not is_same]
    kit.note("families, the same bits again", not other, ", ".join(other) or "all")
    kit.note("families, one layer on the GPU", not split, ", ".join(split) or "all near")


# --- Wide models ---

def wide(kit, folder, name):
    """A device and the plain tier of the CPU, on rows of real width, in prefills of both kinds of attention."""
    s = synthetic.shape(name, 1 if kit.emulated else WIDE["layers"], 512 if kit.emulated else WIDE["vocabulary"])
    path = f"{folder}/{name}.gguf"
    synthetic.write(path, s)
    for n in (6, 12) if kit.emulated else (6, N_SHORT, N_LONG):
        what = f"{name}, {s['layers']} layers, {n} tokens"
        tokens = [(7919 * i + 13) % s["vocabulary"] for i in range(n)]
        right = logits(kit, folder, "right", path, tokens, "--backend", "cpu", "--tier", "reference",
                       seconds=WIDE_SECONDS)
        got = logits(kit, folder, "got", path, tokens, "--backend", "cuda")
        again = logits(kit, folder, "again", path, tokens, "--backend", "cuda", **IN_TURN)
        bad = [words for words in (right, got, again) if isinstance(words, str)]
        if bad:
            kit.note(what, False, bad[0])
            continue
        columns = s["vocabulary"]
        off = sorted(distance(right[i:i + columns], got[i:i + columns]) for i in range(0, len(right), columns))
        # Where two experts are nearly alike another may be chosen: then a few tokens differ, not most.
        worst, middle = off[-1], off[len(off) // 2]
        near = middle < NEAR if "experts" in s else worst < FURTHEST and middle < NEAR
        without = logits(kit, folder, "without", path, tokens, "--backend", "cuda", **WITHOUT_WGMMA)
        # Nobody promises either; a receipt whose prompt was cut shorter asks for it.
        kit.note(f"{what}, with wgmma and without", not isinstance(without, str), "the same bits" if got == without else "other bits")
        kit.note(what, near and got == again, f"a token is off by {middle:.1e} (median), {worst:.1e} (most);",
                 "the same bits again" if got == again else "OTHER BITS in a second run", median=middle, most=worst)
    os.unlink(path)


def run(kit):
    tests = [("what kernels are written in, and fragments of mma and ldmatrix", "wrappers", kit.probes, 120),
             ("products by four warps and copies in bulk, which 9.0 alone has", "hopper", kit.probes, 60),
             ("kernels", "kernels", kit.module, 200),
             ("the small model that a device has to get right, and faults planted in it", "check", kit.module, 60),
             ("plans and models", "models", kit.module, 150)]
    for what, name, module, seconds in tests:
        kit.tap(what, name, kit.program(f"test-engine-cuda-{name}", "--tap", "-k", module), seconds)
    with tempfile.TemporaryDirectory() as folder:
        families(kit, folder)
        for name in synthetic.SHAPES:
            wide(kit, folder, name)
    if not kit.emulated:
        kit.tap("all families", "models-all", kit.program("test-engine-cuda-models-all", "--tap", "-k", kit.module), 240)
