"""The samplers as their papers and proposals define them, in float64 over the whole vocabulary.

Written from the definitions, with full sorts and no care for speed:
  repetition penalty     Keskar et al. 2019, CTRL, section 4.1
  frequency, presence    OpenAI's API reference: c[j] * frequency + (c[j] > 0) * presence
  top-k                  Fan, Lewis & Dauphin 2018, section 5.1
  typical                Meister et al. 2022, Locally Typical Sampling, section 4, equation 11
  top-p                  Holtzman et al. 2019, section 3.1
  min-p                  Nguyen et al. 2024, section 3
  XTC, DRY               P. E. Weidmann 2024, text-generation-webui pull requests 6335 and 5677
  mirostat 2.0           Basu et al. 2021 and its authors' program
  PCG32                  O'Neill 2014

A distribution is a dictionary-like pair: ids in ascending order and their logits.
"""
import math

import numpy

MASK = (1 << 64) - 1


class Pcg32:
    """XSH-RR with 64 bits of state; the increment is the library's PCG_DEFAULT_INCREMENT_64."""

    def __init__(self, seed):
        self.increment = 1442695040888963407
        self.state = 0
        self.next()
        self.state = self.state + seed & MASK
        self.next()

    def next(self):
        old = self.state
        self.state = old * 6364136223846793005 + self.increment & MASK
        word, turn = (old >> 18 ^ old) >> 27 & 0xffffffff, old >> 59
        return (word >> turn | word << (32 - turn) % 32) & 0xffffffff

    def uniform(self):
        return self.next() / 2**32


def softmax(logits):
    exponentials = numpy.exp(logits - logits.max())
    return exponentials / exponentials.sum()


def bias(logits, pairs):
    for token, amount in pairs:
        logits[token] += amount
    return logits


def penalties(logits, recent, window, repetition, frequency, presence):
    seen = recent[max(0, len(recent) - window):]
    for token in set(seen):
        logits[token] = logits[token] / repetition if logits[token] > 0 else logits[token] * repetition
        logits[token] -= seen.count(token) * frequency + presence
    return logits


def breaker_end(texts, tokens, breakers):
    """How many of `tokens` stand at or before the last token in which a breaker ends."""
    text, ends = "", []
    for token in tokens:
        text += texts[token]
        ends.append(len(text))
    last = max((text.rfind(breaker) + len(breaker) for breaker in breakers if breaker in text), default=0)
    return sum(1 for i, end in enumerate(ends) if (ends[i - 1] if i else 0) < last)


def dry(logits, recent, multiplier, base, allowed, window, texts, breakers):
    """For each earlier place, by comparing token by token."""
    breakers = [breaker for breaker in breakers if breaker]
    tokens = recent[max(0, len(recent) - window):] if window else recent
    unbroken = len(tokens) - breaker_end(texts, tokens, breakers) if texts else len(tokens)
    longest = {}
    for at in range(1, len(tokens)):
        length = 0
        while length < min(at, unbroken) and tokens[at - 1 - length] == tokens[-1 - length]:
            length += 1
        longest[tokens[at]] = max(longest.get(tokens[at], 0), length)
    for token, length in longest.items():
        if length >= max(allowed, 1) and not (texts and any(b in texts[token] for b in breakers)):
            logits[token] -= multiplier * base ** (length - allowed)
    return logits


def by_rank(ids, ranks):
    """Positions in the order of ranks, of equals the lower id first."""
    return numpy.lexsort((ids, ranks))


def keep(ids, logits, positions):
    positions = numpy.sort(positions)
    return ids[positions], logits[positions]


def top_k(ids, logits, k):
    return keep(ids, logits, by_rank(ids, -logits)[:k])


def smallest_set(ids, logits, ranks, p):
    order = by_rank(ids, ranks)
    mass = numpy.cumsum(softmax(logits)[order])
    reached = numpy.flatnonzero(mass >= p)
    count = reached[0] + 1 if len(reached) else len(order)
    return keep(ids, logits, order[:count])


def top_p(ids, logits, p):
    return smallest_set(ids, logits, -logits, p)


def typical(ids, logits, p):
    probabilities = softmax(logits)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        surprise = -numpy.log(probabilities)
        entropy = numpy.nansum(probabilities * surprise)
    # Equal logits have equal ranks, whatever rounding does.
    return smallest_set(ids, logits, numpy.abs(surprise - entropy), p)


def min_p(ids, logits, p):
    probabilities = softmax(logits)
    return keep(ids, logits, numpy.flatnonzero(probabilities >= p * probabilities.max()))


def xtc(ids, logits, threshold):
    top = numpy.flatnonzero(softmax(logits) >= threshold)
    if len(top) < 2:
        return ids, logits
    least = top[by_rank(ids[top], -logits[top])[-1]]
    return keep(ids, logits, [i for i in range(len(ids)) if i not in set(top) or i == least])


def mirostat(ids, logits, limit):
    """What is left for the draw; all probabilities are of these alone."""
    with numpy.errstate(divide="ignore"):
        surprise = -numpy.log2(softmax(logits))
    order = by_rank(ids, -logits)
    return keep(ids, logits, order[:max(1, int((surprise[order] <= limit).sum()))])


class Sampler:
    """All of it, in Sotto's order, which is llama.cpp's."""

    def __init__(self, settings, texts=None):
        self.settings, self.texts = settings, texts
        self.random = Pcg32(int(settings["seed"]))
        self.limit = 2 * settings["mirostat_tau"]

    def step(self, logits, recent):
        """(ids, probabilities, token)"""
        s = self.settings
        logits = bias(numpy.array(logits, numpy.float64), s["logit_bias"])
        logits = penalties(logits, recent, s["repetition_window"], s["repetition_penalty"],
                           s["frequency_penalty"], s["presence_penalty"])
        if s["dry_multiplier"]:
            logits = dry(logits, recent, s["dry_multiplier"], s["dry_base"], s["dry_allowed_length"],
                         s["dry_window"], self.texts, s["dry_breakers"])
        if s["temperature"] == 0:
            return [], [], int(logits.argmax()) if logits.max() > -math.inf else -1
        ids = numpy.flatnonzero(logits > -math.inf)
        logits = logits[ids]
        if s["mirostat_tau"]:
            ids, logits = mirostat(ids, logits / s["temperature"], self.limit)
        else:
            ids, logits = self.truncate(ids, logits)
            logits = logits / s["temperature"]
        probabilities = softmax(logits)
        target = self.random.uniform()
        place = min(int(numpy.searchsorted(numpy.cumsum(probabilities), target, "right")), len(ids) - 1)
        if s["mirostat_tau"]:
            self.limit -= s["mirostat_eta"] * (-math.log2(probabilities[place]) - s["mirostat_tau"])
        return ids, probabilities, int(ids[place])

    def truncate(self, ids, logits):
        s = self.settings
        if s["top_k"]:
            ids, logits = top_k(ids, logits, s["top_k"])
        if 0 < s["typical_p"] < 1:
            ids, logits = typical(ids, logits, s["typical_p"])
        if s["top_p"] < 1:
            ids, logits = top_p(ids, logits, s["top_p"])
        if s["min_p"] > 0:
            ids, logits = min_p(ids, logits, s["min_p"])
        if s["xtc_probability"] and s["xtc_threshold"] <= 0.5:
            if self.random.uniform() < s["xtc_probability"]:
                ids, logits = xtc(ids, logits, s["xtc_threshold"])
        return ids, logits
