#!/usr/bin/env python3
"""The sampler beside llama.cpp's, method by method and in its usual order, on the same logits: the
same tokens are left, with the same probabilities (TAP).

test-sampler-peer.py SAMPLER_STEPS
"""
import ctypes
import json
import math
import os
import random
import subprocess
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f"{here}/peer")
import peer

MODEL = next(iter(peer.models().values()))
if not peer.ready():
    print("1..0 # SKIP the peer is not prepared (tests/engine/peer/prepare makes it)")
    sys.exit(0)
if not os.path.exists(MODEL):
    print(f"1..0 # SKIP {MODEL} is not there")
    sys.exit(0)
peer.enter()

import llama_cpp as c
import numpy

import llama

OFF = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0,
       "repetition_window": 64, "seed": "1", "frequency_penalty": 0.0, "presence_penalty": 0.0,
       "typical_p": 0.0, "xtc_probability": 0.0, "xtc_threshold": 0.1, "dry_multiplier": 0.0,
       "dry_base": 1.75, "dry_allowed_length": 2, "dry_window": 4096,
       "dry_breakers": ["\n", ":", "\"", "*"], "mirostat_tau": 0.0, "mirostat_eta": 0.1, "logit_bias": []}
PARTS = {
    "temperature": {"temperature": 0.7}, "hot": {"temperature": 1.8},
    "bias": {"logit_bias": [[3, 2.5], [10, -1.25]]},
    "penalties": {"repetition_penalty": 1.3, "frequency_penalty": 0.4, "presence_penalty": 0.2},
    "dry": {"dry_multiplier": 0.8}, "long dry": {"dry_multiplier": 0.5, "dry_allowed_length": 4, "dry_base": 1.2},
    "top-k": {"top_k": 40}, "typical": {"typical_p": 0.6}, "top-p": {"top_p": 0.9}, "min-p": {"min_p": 0.03},
    "xtc": {"xtc_probability": 1.0, "xtc_threshold": 0.04}, "mirostat": {"mirostat_tau": 3.0},
}
PARTS["all"] = {key: value for name in ("temperature", "bias", "penalties", "dry", "top-k", "typical",
                                        "top-p", "min-p", "xtc") for key, value in PARTS[name].items()}
PARTS["all"]["typical_p"] = 0.95


def chain(settings, vocabulary, n):
    """The samplers of llama.cpp that have something to do, in the order of its command line."""
    s, parts = settings, []
    if s["logit_bias"]:
        pairs = (c.llama_logit_bias * len(s["logit_bias"]))(*[tuple(pair) for pair in s["logit_bias"]])
        parts.append(c.llama_sampler_init_logit_bias(n, len(pairs), pairs))
    parts.append(c.llama_sampler_init_penalties(n, s["repetition_window"], s["repetition_penalty"],
                                                s["frequency_penalty"], s["presence_penalty"]))
    if s["dry_multiplier"]:
        breakers = (ctypes.c_char_p * len(s["dry_breakers"]))(*[b.encode() for b in s["dry_breakers"]])
        parts.append(c.llama_sampler_init_dry(vocabulary, s["dry_multiplier"], s["dry_base"],
                                              s["dry_allowed_length"], s["dry_window"], breakers, len(breakers)))
    if s["mirostat_tau"]:
        parts.append(c.llama_sampler_init_temp(s["temperature"]))
        parts.append(c.llama_sampler_init_mirostat_v2(1, s["mirostat_tau"], s["mirostat_eta"]))
        return parts
    if s["top_k"]:
        parts.append(c.llama_sampler_init_top_k(s["top_k"]))
    if s["typical_p"]:
        parts.append(c.llama_sampler_init_typical(s["typical_p"], 1))
    if s["top_p"] < 1:
        parts.append(c.llama_sampler_init_top_p(s["top_p"], 1))
    if s["min_p"]:
        parts.append(c.llama_sampler_init_min_p(s["min_p"], 1))
    if s["xtc_probability"]:
        parts.append(c.llama_sampler_init_xtc(s["xtc_probability"], s["xtc_threshold"], 1, 1))
    parts.append(c.llama_sampler_init_temp(s["temperature"]))
    return parts


def left_by_peer(settings, vocabulary, logits, history):
    data = (c.llama_token_data * len(logits))()
    view = numpy.ctypeslib.as_array(data)
    view["id"], view["logit"], view["p"] = numpy.arange(len(logits)), logits, 0
    array = c.llama_token_data_array(data, len(data), -1, False)
    for part in chain(settings, vocabulary, len(logits)):
        for token in history:
            c.llama_sampler_accept(part, token)
        c.llama_sampler_apply(part, ctypes.byref(array))
        c.llama_sampler_free(part)
    # A sampler may move where the array begins.
    start = ctypes.cast(array.data, ctypes.POINTER(c.llama_token_data))
    rows = numpy.ctypeslib.as_array(start, (array.size,))
    rows = rows[rows["logit"] > -math.inf]
    rows = rows[numpy.argsort(rows["id"])]
    weights = numpy.exp(rows["logit"].astype(float) - rows["logit"].max())
    return rows["id"].tolist(), (weights / weights.sum()).tolist()


def left_by_us(process, settings, texts, logits, history):
    """texts: of all tokens, as JSON; only where something is looked for in them"""
    settings, logits, history = (json.dumps(value) for value in (settings, logits.tolist(), history))
    about = f', "texts": {texts}' if texts else ""
    print(f'{{"settings": {settings}{about}, "steps": [{{"logits": {logits}, "recent": {history}}}]}}',
          file=process.stdin, flush=True)
    step = json.loads(process.stdout.readline())["steps"][0]
    return step["ids"], step["probabilities"]


def make_history(rng, n):
    history = []
    while len(history) < 60:
        if len(history) > 6 and rng.random() < 0.4:
            start = rng.randrange(len(history) - 4)
            history += history[start:start + rng.randint(2, 9)]
        else:
            history.append(rng.randrange(n))
    # The end stood there before, so that there is something to say.
    return history[:50] + history[20:20 + rng.randint(2, 9)]


def check(process, model, texts, settings, name):
    rng = random.Random(f"peer {name}")
    for round_number in range(4):
        generator = numpy.random.default_rng(rng.getrandbits(32))
        logits = generator.normal(0, rng.uniform(1, 4), model.size).astype(numpy.float32)
        history = make_history(rng, model.size)
        # Those that a penalty can be seen on.
        logits[history] += 6
        want = left_by_peer(settings, model.vocabulary, logits, history)
        got = left_by_us(process, settings, texts if settings["dry_multiplier"] else None, logits, history)
        want, got = (dict(zip(ids, probabilities)) for ids, probabilities in (want, got))
        # llama.cpp adds up a whole vocabulary's probabilities in single precision: without top-k
        # before, the two may disagree at the edge on as much as that loses.
        apart = sum(want.get(token, 0) + got.get(token, 0) for token in want.keys() ^ got.keys())
        if apart > (1e-3 if name in ("typical", "top-p") else 0):
            return f"round {round_number}: {len(got)} tokens instead of {len(want)}, {apart:.1e} apart"
        shared = sorted(want.keys() & got.keys())
        if not numpy.allclose([want[t] for t in shared], [got[t] for t in shared], rtol=5e-4 + apart, atol=2e-6):
            return f"round {round_number}: other probabilities"
    return ""


def main():
    model = llama.Model(MODEL)
    texts = json.dumps([model.piece(token).decode(errors="replace").replace("\0", "\ufffd")
                        for token in range(model.size)])
    process = subprocess.Popen([sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    print(f"1..{len(PARTS)}", flush=True)
    failed = 0
    for number, (name, part) in enumerate(PARTS.items(), 1):
        part = {key: float(numpy.float32(value)) if isinstance(value, float) else value
                for key, value in part.items()}
        problem = check(process, model, texts, {**OFF, **part}, name)
        failed += bool(problem)
        if problem:
            print(f"# {problem}")
        print(f"{'not ok' if problem else 'ok'} {number} - {name}", flush=True)
    process.stdin.close()
    process.wait()
    sys.exit(failed > 0)


main()
