#!/usr/bin/env python3
"""GBNF grammars against llama.cpp's own reader: random ones, and texts that fit or nearly do.

Usage: test-grammar-gbnf.py PROGRAM [COUNT], the built grammar-say. The comparison is skipped where
the peer is not built (peer/prepare) or the model is not there whose vocabulary it takes.
"""
import json
import os
import random
import select
import subprocess
import sys

from grammar_peer import Say, Tap

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, f'{HERE}/peer')
import peer  # noqa: E402

MODEL = os.path.expanduser('~/.local/share/sotto/models/SmolLM2-135M-Instruct.Q4_1.gguf')
# Characters that the model has a token for: of those that come in two, llama.cpp refuses some that
# fit.
ALPHABET = 'abc01 "\\]éł中█\n-'


class Maker:
    """A random grammar as GBNF, with texts that fit it."""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.bodies = {}
        self.samples = {}
        self.names = [f'r{i}-x' for i in range(self.r.randint(1, 4))]
        for i in reversed(range(len(self.names))):
            self.define(self.names[i], self.names[i + 1:])
        self.define('root', self.names)
        self.text = '# a grammar\n' + ''.join(f'{name} ::= {body}\n'
                                              for name, body in self.bodies.items())

    def define(self, name, later):
        body, sample = self.choice(2, later)
        if self.r.random() < 0.3:  # recursion behind something that is read
            left, right = self.r.choice([('(', ')'), ('a', ''), ('x', 'y')])
            inner = f'"{left}" {name} "{right}"' if right else f'"{left}" {name}'
            body = f'{body} | {inner}'
            plain = sample

            def sample(r, depth=3):
                if depth and r.random() < 0.4:
                    return left + sample(r, depth - 1) + right
                return plain(r)
        self.bodies[name], self.samples[name] = body, sample

    def escape(self, text, inside):
        out = ''
        for c in text:
            if c in '"\\' or (inside and c in ']-^['):
                out += '\\x%02x' % ord(c) if c in '-^' else '\\' + c
            elif c == '\n':
                out += '\\n'
            elif self.r.random() < 0.2:
                out += '\\x%02X' % ord(c) if ord(c) < 256 \
                    else '\\u%04x' % ord(c) if ord(c) < 65536 \
                    else '\\U%08x' % ord(c)
            else:
                out += c
        return out

    def item(self, depth, later):
        r = self.r
        kind = r.random()
        if kind < 0.35:
            text = ''.join(r.choices(ALPHABET, k=r.randint(1, 3)))
            return f'"{self.escape(text, False)}"', lambda r: text
        if kind < 0.6:
            chars = r.sample(ALPHABET, r.randint(1, 4))
            ranges = r.sample([('a', 'z'), ('0', '9'), ('а', 'я'), ('α', 'ω')], r.randint(0, 2))
            negated = r.random() < 0.3
            body = ''.join(self.escape(c, True) for c in chars)
            body += ''.join(f'{a}-{b}' for a, b in ranges)
            inside = set(chars) | {c for a, b in ranges for c in (a, b, chr(ord(a) + 1))}
            outside = [c for c in 'dZ~\t"я一' + ALPHABET
                       if c not in chars and not any(a <= c <= b for a, b in ranges)]
            pool = outside if negated else sorted(inside)
            return f'[{"^" if negated else ""}{body}]', lambda r: r.choice(pool)
        if kind < 0.65:
            return '.', lambda r: r.choice(ALPHABET)
        if kind < 0.85 and later:
            name = r.choice(later)
            return name, lambda r: self.samples[name](r)
        if depth > 0:
            body, sample = self.choice(depth - 1, later)
            return f'({body})', sample
        return '"z"', lambda r: 'z'

    def sequence(self, depth, later):
        r = self.r
        parts = []
        for _ in range(r.randint(1, 3)):
            body, sample = self.item(depth, later)
            how = r.choice(['', '', '', '*', '+', '?', '{2}', '{1,3}', '{2,}', '{0,2}'])
            least, most = {'': (1, 1), '*': (0, 3), '+': (1, 3), '?': (0, 1), '{2}': (2, 2),
                           '{1,3}': (1, 3),
                           '{2,}': (2, 4), '{0,2}': (0, 2)}[how]
            parts.append((body + how, lambda r, s=sample, a=least, b=most:
                          ''.join(s(r) for _ in range(r.randint(a, b)))))
        return ' '.join(part[0] for part in parts), lambda r: ''.join(part[1](r) for part in parts)

    def choice(self, depth, later):
        parts = [self.sequence(depth, later) for _ in range(self.r.randint(1, 3))]
        return ' | '.join(part[0] for part in parts), lambda r: r.choice(parts)[1](r)


def cases(seed):
    maker = Maker(seed)
    r = random.Random(seed)
    texts = []
    for _ in range(6):
        text = maker.samples['root'](r)
        texts.append(text)
        at = r.randrange(len(text) + 1)
        texts.append(r.choice([text[:at], text[:at] + text[at + 1:],
                               text[:at] + r.choice(ALPHABET) + text[at:],
                               text + text, text[::-1]]))
    return maker.text, texts


# --- The peer's side, in its own Python ---

def serve():
    """Answers lines of {"gbnf", "texts"} with matches as grammar-say has them; null: refused."""
    sys.path.remove(f'{HERE}/peer')
    sys.path.insert(0, f'{HERE}/peer')
    import ctypes
    import llama_cpp as c
    import llama  # noqa: F401  (quiet)

    quiet = c.llama_log_callback(lambda level, text, data: None)
    c.llama_log_set(quiet, ctypes.c_void_p(0))
    params = c.llama_model_default_params()
    params.vocab_only = True
    model = c.llama_model_load_from_file(MODEL.encode(), params)
    vocabulary = c.llama_model_get_vocab(model)
    tokens = {}
    for token in range(c.llama_vocab_n_tokens(vocabulary)):
        piece = ctypes.create_string_buffer(64)
        length = c.llama_token_to_piece(vocabulary, token, piece, 64, 0, False)
        tokens.setdefault(piece.raw[:max(length, 0)], token)
    end = c.llama_vocab_eos(vocabulary)

    def allowed(sampler, token):
        data = (c.llama_token_data * 1)(c.llama_token_data(token, 1.0, 1.0))
        array = c.llama_token_data_array(data, 1, -1, False)
        c.llama_sampler_apply(sampler, ctypes.byref(array))
        return array.data[0].logit > float('-inf')

    def match(gbnf, text):
        sampler = c.llama_sampler_init_grammar(vocabulary, gbnf.encode(), b'root')
        if not sampler:
            return None
        try:
            for char in text:
                if char.encode() not in tokens:
                    return -1
                if not allowed(sampler, tokens[char.encode()]):
                    return 0
                c.llama_sampler_accept(sampler, tokens[char.encode()])
            return 2 if allowed(sampler, end) else 1
        finally:
            c.llama_sampler_free(sampler)

    print('ready', flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps([match(request['gbnf'], text) for text in request['texts']]), flush=True)


class Peer:
    """A process of this script; one that works too long (over very many readings) is ended."""

    def __init__(self):
        self.process = None

    def ask(self, gbnf, texts):
        if self.process is None:
            self.process = subprocess.Popen([f'{peer.folder()}/venv/bin/python3', '-B', __file__,
                                             'serve'],
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            assert self.process.stdout.readline() == b'ready\n'
        self.process.stdin.write(json.dumps({'gbnf': gbnf, 'texts': texts}).encode() + b'\n')
        self.process.stdin.flush()
        begun = self.worked()
        while not select.select([self.process.stdout], [], [], 0.1)[0]:
            if self.worked() > begun + 0.5:
                self.process.kill()
                self.close()
                return [None]
        return json.loads(self.process.stdout.readline())

    def worked(self):
        """Its processor time in seconds: a busy machine does not count."""
        with open(f'/proc/{self.process.pid}/stat', encoding='ascii') as file:
            fields = file.read().rpartition(')')[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process = None


def compare(tap, say, count):
    if not peer.ready() or not os.path.exists(MODEL):
        tap.skip('random grammars beside llama.cpp', 'the peer or the model is not there')
        return
    other = Peer()
    seen = {0: 0, 1: 0, 2: 0}
    problem = None
    refused = 0
    for seed in range(count):
        gbnf, texts = cases(seed)
        ours = say.ask(gbnf=gbnf, texts=texts)
        theirs = other.ask(gbnf, texts)
        if theirs[0] is None:
            refused += 1
            continue
        if 'error' in ours:
            problem = f'{ours["error"]}\n{gbnf}'
            break
        for text, a, b in zip(texts, ours['matches'], theirs, strict=True):
            if b >= 0:
                seen[b] += 1
            if b >= 0 and a != b and problem is None:
                problem = f'seed {seed}: {text!r}: {a}, llama.cpp says {b}\n{gbnf}'
        if problem:
            break
    other.close()
    tap.result(problem is None and min(seen.values()) > count / 2 and refused < count / 4,
               f'{count} random grammars beside llama.cpp: {seen} ({refused} it does not take)',
               problem or seen)


def particulars(tap, say):
    cases = [
        ('json.gbnf in the usual form', r'''
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws
string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
''', ['{"a": [1, 2.5e3, "x\\u00e9ł"], "b": {}}', '{}\n  '],
         ['{"a":}', '["a"]', '{"a": 01}', '{"\x7f":1}']),
        ('lists that recur at their end', 'root ::= item ("," root)?\nitem ::= [a-z]+',
         ['a,b,c', 'abc'], ['', 'a,', ',a', 'a,,b']),
        ('a bar at the beginning of a line', 'root ::= "a"\n  | "b"\n  | other\nother ::= "c"',
         ['a', 'b', 'c'], ['d']),
        ('both ends', 'root ::= "a" root "b" | ""', ['', 'ab', 'aaabbb'], ['aab', 'ba', 'abb']),
        ('palindromes', 'root ::= "" | "a" root "a" | "b" root "b"', ['', 'abba', 'aaaa'],
         ['ab', 'aba']),
        ('many readings', 'root ::= s\ns ::= "a" s s | "a" s "b" | "b"',
         ['b', 'abb', 'a' * 20 + 'b' * 21], ['a', 'ba']),
        ('a class with a dash', 'root ::= [a-]+', ['a-', '-'], ['b', '']),
        ('repetitions of a rule', 'root ::= pair{2,3}\npair ::= [0-9] [a-z]', ['1a2b', '1a2b3c'],
         ['1a', '1a2b3c4d']),
    ]
    for name, gbnf, good, bad in cases:
        answer = say.ask(gbnf=gbnf, texts=good + bad)
        got = [match == 2 for match in answer.get('matches', [])]
        tap.result(got == [True] * len(good) + [False] * len(bad), name, answer)


def refusals(tap, say):
    cases = {
        'a rule that begins with itself': ('root ::= root "a" | "b"', 'begins with itself: root'),
        'the same by way of others': ('root ::= x\nx ::= y? z\nz ::= x "a" | "b"\ny ::= "y"',
                                      'begins with itself'),
        'no root': ('a ::= "b"', 'no rule root'),
        'no such rule': ('root ::= "b"\n a ::= c', 'line 2: there is no rule c'),
        'a rule twice': ('root ::= "b"\nroot ::= "c"', 'line 2: there is already'),
        'no end': ('root ::= "a" root', 'no text of finite length'),
        'a text that is not closed': ('root ::= "a', 'line 1'),
        'a class that is not closed': ('root ::= [a', 'line 1'),
        'a parenthesis that is not closed': ('root ::= (a', 'parenthesis'),
        'no colons': ('root = "a"', '"::="'),
        'an unknown escape': ('root ::= "\\q"', 'escape'),
        'repetitions out of order': ('root ::= "a"{3,2}', 'below the least'),
        'too large': ('root ::= (("a"{1000}){1000}){1000}', 'too large'),
        'a token': ('root ::= <think>', 'tokens'),
        'deep nesting': ('root ::= ' + '(' * 5000 + '"a"' + ')' * 5000, 'nested'),
    }
    for name, (gbnf, words) in cases.items():
        answer = say.ask(gbnf=gbnf)
        tap.result(words in answer.get('error', ''), f'refused: {name}', answer)


def said(tap, say):
    """What is drawn fits, byte for byte."""
    problem = None
    for seed in range(200):
        gbnf, _ = cases(seed)
        answer = say.ask(gbnf=gbnf, say=2, seed=seed, most=300)
        texts = [one['text'] for one in answer.get('said', []) if one['whole']]
        again = say.ask(gbnf=gbnf, texts=texts)
        if 'error' in answer or any(text is None for text in texts) or set(again['matches']) - {2}:
            problem = f'seed {seed}: {answer} {again}\n{gbnf}'
    tap.result(problem is None, 'what is said fits', problem)


def main():
    if sys.argv[1] == 'serve':
        return serve()
    tap = Tap()
    say = Say(sys.argv[1])
    particulars(tap, say)
    refusals(tap, say)
    said(tap, say)
    compare(tap, say, int(sys.argv[2]) if len(sys.argv) > 2 else 100)
    tap.result(say.close() == 0, 'the program ends well')
    return tap.close()


if __name__ == '__main__':
    sys.exit(main())
