"""How far two sets of logits lie apart."""
import numpy


def log_softmax(row):
    row = row.astype(numpy.float64)
    row = row - row.max()
    return row - numpy.log(numpy.exp(row).sum())


def divergences(exact, other):
    """KL(exact || other) in nats, one figure a token. Not a number counts as infinitely far."""
    result = []
    for p, q in zip(exact, other, strict=True):
        if not numpy.isfinite(q).all():
            result.append(numpy.inf)
            continue
        p, q = log_softmax(p), log_softmax(q)
        result.append(float((numpy.exp(p) * (p - q)).sum()))
    return numpy.array(result)


def right_tops(exact, other):
    """Of each token, whether both would say the same next one."""
    return exact.argmax(axis=1) == other.argmax(axis=1)


def same_top(exact, other):
    """The share of tokens after which both would say the same next one."""
    return float(numpy.mean(right_tops(exact, other)))


def measure(exact, other):
    kl = divergences(exact, other)
    return {"kl": float(kl.mean()), "kl_max": float(kl.max()), "top": same_top(exact, other)}


def describe(d):
    return f"KL {d['kl']:.2e} (worst token {d['kl_max']:.2e}), same top token {d['top']:.1%}"


def read(path, vocabulary):
    return numpy.fromfile(path, "<f4").reshape(-1, vocabulary)
