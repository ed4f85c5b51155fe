#!/usr/bin/env python3
"""The engine's logits against the exact ones, for each starter model and each tier (TAP).

Exact logits come from an independent implementation (peer/exact-logits). The plain-C tier has to
reproduce them; a fast tier, which rounds activations to 8 bits, has to lie at least as near to them
as llama.cpp does with the same file. Which of two tokens that are as likely as each other comes first
is chance, and the peer's differs by the processor that it was built for: so most likely tokens are
compared in pairs, and a tier has lost when it misses more of the peer's than a coin would. With keys and values as integers, which say less than they were
given, the best tier has to lie as near as llama.cpp with the same type, and near enough to be of use:
the keys of Qwen 2.5 are such that most ways of rounding them make it talk nonsense.

A processor without a matrix unit has that of amx/tiles.c.

test-exact-logits.py [TOOL [TOOL_WITH_TILES]] [--tier NAME]... [--model FILE]...
"""
import argparse
import functools
import json
import math
import os
import subprocess
import sys
import tempfile

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{here}/peer")
import peer

if not peer.ready():
    print("1..0 # SKIP the peer is not prepared (tests/engine/peer/prepare makes it)")
    sys.exit(0)
peer.enter()

import distance

TILES = {"amx_tile", "amx_int8", "amx_bf16"}
EXACT_KL, EXACT_TOP = 1e-4, 0.99
CHANCE = 0.05
# What a cache of that type may cost. Without leaving the bias of keys out Qwen is off by 0.02 and 1.3.
KV_KL = {"q8_0": 2e-3, "q4_0": 0.1}


@functools.cache
def oracle(model, count=peer.TOKENS):
    """What the oracle says of itself, its logits, and its folder. It is asked now if it has not been."""
    folder = peer.logits_folder(model, count)
    if not os.path.exists(f"{folder}/about.json"):
        subprocess.run([sys.executable, f"{here}/peer/exact-logits", model, "--tokens", str(count)],
                       stdout=subprocess.DEVNULL, check=True)
    with open(f"{folder}/about.json") as file:
        about = json.load(file)
    return about, distance.read(f"{folder}/exact.f32", about["vocabulary"]), folder


def our_logits(tool, model, tier, about, kv="f16"):
    with tempfile.NamedTemporaryFile(suffix=".f32") as output:
        ran = subprocess.run([tool, "logits", model, "--tokens", ",".join(map(str, about["tokens"])),
                              "--output", output.name, "--kv", kv],
                             env=os.environ | {"SOTTO_CPU_TIER": tier},
                             stderr=subprocess.PIPE, text=True)
        if ran.returncode != 0:
            raise ValueError(f"status {ran.returncode}: {ran.stderr.strip()}")
        size = os.path.getsize(output.name)
        expected = 4 * about["vocabulary"] * len(about["tokens"])
        if size != expected:
            raise ValueError(f"{size} bytes of logits instead of {expected}")
        return distance.read(output.name, about["vocabulary"])


def by_chance(lost, won):
    """How likely a coin is to lose that often or more: the sign test, one-sided."""
    thrown = lost + won
    return sum(math.comb(thrown, k) for k in range(lost, thrown + 1)) / 2**thrown


def verdict(tier, exact, ours, peers):
    """What is wrong with these logits; empty when nothing is."""
    measured = distance.measure(exact, ours)
    wrong = []
    if tier == "reference":
        kl, whose = EXACT_KL, "asked for"
        if not measured["top"] >= EXACT_TOP:
            wrong.append(f"same top token {measured['top']:.1%} is below {EXACT_TOP:.1%} (asked for)")
    else:
        kl, whose = distance.measure(exact, peers)["kl"], "llama.cpp's"
        ours_right, peers_right = distance.right_tops(exact, ours), distance.right_tops(exact, peers)
        lost, won = int((peers_right & ~ours_right).sum()), int((ours_right & ~peers_right).sum())
        if by_chance(lost, won) < CHANCE:
            wrong.append(f"top token: {lost} missed that llama.cpp has, {won} the other way round")
    if not measured["kl"] <= kl:  # not '>': it has to catch what is not a number
        wrong.append(f"KL {measured['kl']:.2e} is above {kl:.2e} ({whose})")
    return wrong


def check(tool, model, tier):
    """Diagnostics of one case, and whether it passed."""
    about, exact, folder = oracle(model)
    peers = distance.read(f"{folder}/peer.f32", about["vocabulary"])
    try:
        ours = our_logits(tool, model, tier, about)
    except ValueError as error:
        return str(error).splitlines(), False
    wrong = verdict(tier, exact, ours, peers)
    notes = [f"sotto {tier}: {distance.describe(distance.measure(exact, ours))}",
             f"llama.cpp:  {distance.describe(about['peer'])}"]
    return notes + wrong, not wrong


def peers_with(kv, model, folder):
    """llama.cpp's distance with that type of KV cache."""
    if not os.path.exists(f"{folder}/kv-types.json"):
        subprocess.run([sys.executable, f"{here}/peer/kv-types", model, "--tokens", str(peer.KV_TOKENS)],
                       stdout=subprocess.DEVNULL, check=True)
    with open(f"{folder}/kv-types.json") as file:
        return json.load(file)[kv]


def check_kv(tool, model, kv):
    about, exact, folder = oracle(model, peer.KV_TOKENS)
    peers = peers_with(kv, model, folder)
    try:
        ours = our_logits(tool, model, "", about, kv)
    except ValueError as error:
        return str(error).splitlines(), False
    ours = distance.measure(exact, ours)
    bound = min(KV_KL[kv], peers["kl"])
    wrong = [] if ours["kl"] <= bound else [f"KL {ours['kl']:.2e} is above {bound:.2e}"]
    notes = [f"sotto, KV {kv}:     {distance.describe(ours)}",
             f"llama.cpp, KV {kv}: {distance.describe(peers)}"]
    return notes + wrong, not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = os.environ.get("SOTTO_BUILD_DIR") or os.path.realpath(f"{here}/../../_build")
    parser.add_argument("tool", nargs="?", default=f"{build}/engine/sotto-engine")
    parser.add_argument("tool_with_tiles", nargs="?", default=f"{build}/tests/engine/sotto-engine-tiles")
    parser.add_argument("--tier", action="append")
    parser.add_argument("--model", action="append", help="instead of the starter models")
    options = parser.parse_args()

    models = list(options.model or peer.models().values())
    cases = [(model, what) for model in models
             for what in [*(options.tier or peer.TIERS), *([] if options.tier else KV_KL)]]
    smallest = min(filter(os.path.exists, models), key=os.path.getsize, default=None)
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (model, what) in enumerate(cases, 1):
        name = f"{number} - {os.path.basename(model)} {what}"
        lacking = peer.lacks(what)
        tool = options.tool
        if lacking and TILES.issuperset(lacking) and model == smallest:  # others take minutes
            tool, lacking = options.tool_with_tiles, []
        if not os.path.exists(model):
            print(f"ok {name} # SKIP {model} is not there")
        elif not os.access(tool, os.X_OK):
            print(f"ok {name} # SKIP {tool} is not built")
        elif lacking:
            print(f"ok {name} # SKIP this processor has no {', '.join(lacking)}")
        else:
            notes, passed = (check_kv if what in KV_KL else check)(tool, model, what)
            failed += not passed
            for note in notes:
                print(f"# {note}")
            print(f"{'ok' if passed else 'not ok'} {name}")
        sys.stdout.flush()
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
