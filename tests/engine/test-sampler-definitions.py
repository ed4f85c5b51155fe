#!/usr/bin/env python3
"""Every sampling method against its definition (sampler_definitions.py), alone and together, on
random logits with and without ties and holes, at vocabularies of 1 to 150,000 tokens (TAP).

test-sampler-definitions.py SAMPLER_STEPS
"""
import json
import math
import os
import random
import subprocess
import sys

try:
    import numpy
except ImportError:
    print("1..0 # SKIP numpy is not there")
    sys.exit(0)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sampler_definitions as definitions

OFF = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0,
       "repetition_window": 64, "seed": "1", "frequency_penalty": 0.0, "presence_penalty": 0.0,
       "typical_p": 0.0, "xtc_probability": 0.0, "xtc_threshold": 0.1, "dry_multiplier": 0.0,
       "dry_base": 1.75, "dry_allowed_length": 2, "dry_window": 0, "dry_breakers": [],
       "mirostat_tau": 0.0, "mirostat_eta": 0.1, "logit_bias": []}
PIECES = ["a", "b", " the", "ing", "\n", ":", " \"", "*b", "x\ny", "EN", "D", "END", "E", "N", "é"]
ALIKE = 3e-6  # of probabilities: ours are made of floats


def f32(value):
    return float(numpy.float32(value))


def method(name, rng):
    """Settings that use one method, with random strength."""
    u = rng.uniform
    return {
        "temperature": lambda: {"temperature": f32(u(0.1, 3))},
        "greedy": lambda: {"temperature": 0.0, "frequency_penalty": 0.5},
        "bias": lambda: {"logit_bias": [[0, f32(u(-3, 3))], [1, -math.inf], [2, 1.5], [2, 0.25]]},
        "repetition": lambda: {"repetition_penalty": f32(u(0.5, 2)), "repetition_window": rng.randint(0, 40)},
        "frequency": lambda: {"frequency_penalty": f32(u(-1, 1))},
        "presence": lambda: {"presence_penalty": f32(u(-2, 2))},
        "dry": lambda: {"dry_multiplier": f32(u(0.2, 1.5)), "dry_base": f32(u(1, 2)),
                        "dry_allowed_length": rng.randint(0, 3), "dry_window": rng.choice([0, 0, 9, 30])},
        "dry-breakers": lambda: {"dry_multiplier": 0.75, "dry_breakers": rng.choice(
            [["\n", ":", "\"", "*"], ["END"], ["\n", "END", " the"], ["g\n"], ["é", ""]])},
        "top-k": lambda: {"top_k": rng.randint(1, 60)},
        "typical": lambda: {"typical_p": f32(u(0.05, 0.99))},
        "top-p": lambda: {"top_p": f32(u(0.05, 0.995))},
        "min-p": lambda: {"min_p": f32(math.exp(u(-7, -0.3)))},
        "xtc": lambda: {"xtc_probability": rng.choice([0.5, 1.0]), "xtc_threshold": f32(u(0.01, 0.5))},
        "mirostat": lambda: {"mirostat_tau": f32(u(0.5, 6)), "mirostat_eta": f32(u(0.02, 0.5)),
                             "temperature": f32(u(0.5, 1.5))},
    }[name]()


METHODS = ["temperature", "greedy", "bias", "repetition", "frequency", "presence", "dry", "dry-breakers",
           "top-k", "typical", "top-p", "min-p", "xtc", "mirostat"]
SIZES = [1, 2, 5, 60, 300, 3000]


def random_logits(rng, n, round_number):
    generator = numpy.random.default_rng(rng.getrandbits(32))
    logits = generator.normal(0, rng.uniform(0.3, 5), n)
    if round_number % 3 == 0:
        logits = numpy.round(logits)        # ties
    if round_number % 4 == 1 and n > 2:
        logits[generator.random(n) < 0.6] = -math.inf  # as a grammar does
        logits[n // 2] = 1.0
    return logits.astype(numpy.float32)


def random_history(rng, n):
    """With repetitions in it."""
    history = []
    while len(history) < rng.choice([0, 1, 3, 20, 80]):
        if history and rng.random() < 0.3:
            start = rng.randrange(len(history))
            history += history[start:start + rng.randint(1, 8)]
        else:
            history.append(rng.randrange(min(n, 12)))
    return history


def to_json(value):
    """JSON has no -infinity."""
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    return None if value == -math.inf else value


class Peer:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, settings, texts, steps):
        request = {"settings": settings, "texts": texts, "steps": [
            {**({"logits": [float(x) for x in logits]} if logits is not None else {}), "recent": recent}
            for logits, recent in steps]}
        print(json.dumps(to_json(request), allow_nan=False), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())["steps"]


def difference(expected, got):
    """What is not as it should be; empty when nothing is."""
    ids, probabilities, token = expected
    if list(ids) != got["ids"]:
        wrong = sorted(set(map(int, ids)) ^ set(got["ids"]))
        return f"{len(got['ids'])} candidates instead of {len(ids)}: {wrong[:5]}"
    if len(ids) and not numpy.allclose(probabilities, got["probabilities"], rtol=1e-4, atol=ALIKE):
        return f"probabilities differ by {numpy.abs(probabilities - got['probabilities']).max():.1e}"
    return "" if token == got["token"] else f"token {got['token']} instead of {token}"


def round_of(peer, rng, settings, n, round_number, n_steps=6):
    # Where there is nothing to say of a token, there is no token.
    settings = {**OFF, **settings, "seed": str(rng.getrandbits(64))}
    settings["logit_bias"] = [pair for pair in settings["logit_bias"] if pair[0] < n]
    texts = [PIECES[i % len(PIECES)] for i in range(n)] if n <= 3000 else None
    logits, history = random_logits(rng, n, round_number), random_history(rng, n)
    sampler = definitions.Sampler(settings, texts)
    answers = None
    steps, expected = [], []
    for i in range(n_steps):
        steps.append((logits if i == 0 else None, list(history)))
        expected.append(sampler.step(logits, history))
        if expected[-1][2] >= 0:
            history.append(expected[-1][2])
    answers = peer.ask(settings, texts, steps)
    for i, (want, got) in enumerate(zip(expected, answers, strict=True)):
        problem = difference(want, got)
        if problem:
            return f"vocabulary {n}, step {i}: {problem}; {settings}"
    return ""


def check_method(peer, name):
    rng = random.Random(f"sampler {name}")
    for round_number in range(90):
        n = SIZES[round_number % len(SIZES)]
        problem = round_of(peer, rng, method(name, rng), n, round_number)
        if problem:
            return problem
    return ""


def check_together(peer):
    rng = random.Random("together")
    for round_number in range(250):
        settings = {}
        for name in rng.sample([m for m in METHODS if m not in ("greedy", "mirostat")], rng.randint(2, 7)):
            settings.update(method(name, rng))
        if rng.random() < 0.15:
            settings.update(method("mirostat", rng))
        problem = round_of(peer, rng, settings, SIZES[round_number % len(SIZES)], round_number)
        if problem:
            return problem
    return ""


def check_large(peer):
    rng = random.Random("large")
    for round_number, settings in enumerate((
            {"top_k": 40, "top_p": f32(0.95), "min_p": f32(0.05), "temperature": f32(0.7)}, {"top_p": f32(0.9)},
            {"typical_p": f32(0.6)}, {"mirostat_tau": 5.0}, {"xtc_probability": 1.0, "min_p": f32(0.02)})):
        problem = round_of(peer, rng, settings, 151936, round_number, 2)
        if problem:
            return problem
    return ""


def main():
    peer = Peer(sys.argv[1])
    cases = [(name, lambda name=name: check_method(peer, name)) for name in METHODS]
    cases += [("together", lambda: check_together(peer)), ("large vocabulary", lambda: check_large(peer))]
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, (name, check) in enumerate(cases, 1):
        problem = check()
        failed += bool(problem)
        if problem:
            print(f"# {problem}")
        print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
    peer.process.stdin.close()
    peer.process.wait()
    sys.exit(failed > 0)


main()
