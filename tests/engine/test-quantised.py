#!/usr/bin/env python3
"""Real models in every block type that llama.cpp makes: how far each tier lies from the exact
logits, beside llama.cpp itself on the same file and text; and the perplexity of a book (TAP).

Each model is dequantised to F32 and from there quantised to each type. Exact means such a file's
own weights, dequantised again, with nothing rounded on the way. The plain-C tier has to reproduce
that; a fast one has to lie at least as near to it as llama.cpp. Perplexities are of over 20,000
tokens of Alice's Adventures in Wonderland, and have to agree to within half a percent.

test-quantised.py [TOOL] [--model FILE]... [--type NAME]... [--tier NAME]... [--perplexity NAME]...
  --perplexity  "shipped" or a type; "none"
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{here}/peer")
import peer

if not peer.ready():
    print("1..0 # SKIP the peer is not prepared (tests/engine/peer/prepare makes it)")
    sys.exit(0)
peer.enter()

import distance
import llama
import quantise

EXACT_KL = 1e-4
# Where llama.cpp is further than a nat from exact, the model is chaos, and what is called exact here has a
# rounding that counts: llama.cpp's GELU is a table of halves, in F32 too (Gemma in TQ1_0: 1.3e-4, and
# 5.6e-5 with such a table in plain C).
CHAOS_KL = 1.0
CHAOS_EXACT_KL = 2e-4
# Two that round nothing differ by the order of their sums alone; there "nearer" means nothing.
NOTHING = 1e-5
PERPLEXITY = 0.005
BOOK = f"{here}/fixtures/alice.txt"
TEXT = """The lighthouse keeper climbed the stairs slowly, counting them as he had done every evening \
for thirty years. At the top he lit the lamp and looked out over the dark water.

def moving_average(values, width):
    total = sum(values[:width])
    return [total / width for _ in range(3)]

Wczoraj wieczorem pociąg do Krakowa odjechał z peronu trzeciego, ale nikt nie zdążył kupić biletu. \
Q: What is 17 + 25? A: 17 + 25 = 42. {"name": "Ada", "born": 1815, "tags": ["math", "engine"]}
"""


class Unable(Exception):
    """Sotto can't do this, and says why."""


def tool(options, *arguments, **environment):
    ran = subprocess.run([options.tool, *arguments], env=os.environ | environment, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if ran.returncode != 0:
        raise Unable(ran.stderr.strip().splitlines()[-1])
    return ran.stdout


def our_logits(options, path, tier, tokens, size):
    """As the application computes them; plain C without the rounding of its F16 cache, which a model
    that three values a weight have thrown into chaos makes much of."""
    kv = "f32" if tier == "reference" else "f16"
    with tempfile.NamedTemporaryFile(suffix=".f32") as output:
        tool(options, "logits", path, "--tokens", ",".join(map(str, tokens)), "--output", output.name,
             "--kv", kv, SOTTO_CPU_TIER=tier)
        return distance.read(output.name, size)


class Report:
    def __init__(self):
        self.count = self.failed = 0

    def add(self, name, problem="", skip="", notes=()):
        self.count += 1
        self.failed += bool(problem)
        for note in [*notes, *([problem] if problem else [])]:
            print(f"# {note}")
        print(f"{'not ok' if problem else 'ok'} {self.count} - {name}{f' # SKIP {skip}' if skip else ''}",
              flush=True)


def opened(path, action):
    model = llama.Model(path)
    try:
        return action(model)
    finally:
        model.close()


def check_type(options, report, name, path, work):
    """The distances of one file, whose block types are those of the case."""
    try:
        tool(options, "inspect", path)
    except Unable as error:
        report.add(name, skip=f"Sotto does not open it: {error}")
        return
    tokens, own = opened(path, lambda model: (
        (ids := model.tokenize(TEXT)[:options.tokens]), model.logits(ids)))
    llama.write_f32_copy(path, f"{work}/copy.gguf")
    exact = opened(f"{work}/copy.gguf", lambda model: model.logits(tokens, exact=True))
    os.unlink(f"{work}/copy.gguf")
    peers = distance.measure(exact, own)
    for tier in options.tier or peer.TIERS:
        if peer.lacks(tier):
            report.add(f"{name} {tier}", skip=f"this processor has no {', '.join(peer.lacks(tier))}")
            continue
        try:
            ours = distance.measure(exact, our_logits(options, path, tier, tokens, exact.shape[1]))
        except Unable as error:
            report.add(f"{name} {tier}", problem=str(error))
            continue
        exactly = CHAOS_EXACT_KL if peers["kl"] > CHAOS_KL else EXACT_KL
        bound = exactly if tier == "reference" else max(peers["kl"], NOTHING)
        problem = "" if ours["kl"] <= bound else f"KL {ours['kl']:.2e} is above {bound:.2e}"
        report.add(f"{name} {tier}", problem, notes=[f"sotto {tier}: {distance.describe(ours)}",
                                                    f"llama.cpp:  {distance.describe(peers)}"])


def check_perplexity(options, report, name, path, work):
    llama.write_f32_copy(path, f"{work}/copy.gguf")
    ran = subprocess.run([f"{peer.folder()}/llama.cpp/llama-perplexity", "-m", f"{work}/copy.gguf", "-f", BOOK,
                          "-c", "512", "-b", "512", "-ctk", "f32", "-ctv", "f32", "-fa", "off",
                          "-t", str(len(os.sched_getaffinity(0)))],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    os.unlink(f"{work}/copy.gguf")
    found = re.search(r"Final estimate: PPL = ([0-9.]+)", ran.stdout)
    if not found:
        report.add(name, problem=f"llama-perplexity says nothing: {ran.stdout[-300:]!r}")
        return
    exact = float(found[1])
    for tier in options.tier or peer.TIERS:
        if tier == "reference" or peer.lacks(tier):
            continue
        try:
            said = tool(options, "perplexity", path, BOOK, "--context", "512", SOTTO_CPU_TIER=tier)
        except Unable as error:
            report.add(f"{name} {tier}", problem=str(error))
            continue
        ours, counted = re.search(r"perplexity ([0-9.]+) .*\((\d+) tokens counted", said).groups()
        problem = ""
        if not abs(float(ours) / exact - 1) <= PERPLEXITY:
            problem = f"perplexity {ours} is not within {PERPLEXITY:.1%} of {exact}"
        elif 2 * int(counted) < 20000:
            problem = f"only {counted} tokens were counted"
        report.add(f"{name} {tier}", problem,
                   notes=[f"perplexity {ours}, exact {exact} ({float(ours) / exact - 1:+.3%}), "
                          f"{counted} tokens counted, as many read before them"])


def check_model(options, report, path, work):
    model, base, file = os.path.basename(path).split(".")[0], f"{work}/base.gguf", f"{work}/file.gguf"
    begin = time.monotonic()
    llama.write_f32_copy(path, base)
    wanted = options.perplexity or ["shipped"]
    if "shipped" in wanted:
        check_perplexity(options, report, f"{model} as shipped: perplexity", path, work)
    for name in options.type or quantise.TYPES:
        case = f"{model} {name}"
        if not quantise.write(base, file, name):
            report.add(case, skip="llama.cpp does not make such a file")
            continue
        kinds = quantise.types_in(file)
        if name not in kinds:
            report.add(case, skip=f"no row of this model is a whole number of its blocks: {', '.join(sorted(kinds))}")
        else:
            check_type(options, report, case, file, work)
            if name in wanted:
                check_perplexity(options, report, f"{case}: perplexity", file, work)
        os.unlink(file)
    os.unlink(base)
    print(f"# {model}: {time.monotonic() - begin:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    build = os.environ.get("SOTTO_BUILD_DIR") or os.path.realpath(f"{here}/../../_build")
    parser.add_argument("tool", nargs="?", default=f"{build}/engine/sotto-engine")
    parser.add_argument("--model", action="append", help="instead of the starters and gemma")
    parser.add_argument("--type", action="append", choices=list(quantise.TYPES))
    parser.add_argument("--tier", action="append", choices=peer.TIERS)
    parser.add_argument("--perplexity", action="append", metavar="NAME")
    parser.add_argument("--tokens", type=int, default=peer.TOKENS)
    options = parser.parse_args()

    report = Report()
    work = tempfile.mkdtemp(prefix="quantised-", dir=peer.cache())
    try:
        for path in options.model or peer.models(development=True).values():
            if not os.path.exists(path):
                report.add(os.path.basename(path), skip=f"{path} is not there")
            elif not options.model and os.path.getsize(path) > 1e9:
                report.add(os.path.basename(path), skip="too large for a run of every type")
            else:
                try:
                    tool(options, "inspect", path)
                except Unable as error:
                    report.add(os.path.basename(path), skip=f"Sotto does not open it: {error}")
                else:
                    check_model(options, report, path, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"1..{report.count}")
    sys.exit(report.failed > 0)


main()
