#!/usr/bin/env python3
"""What masks cost with Qwen's vocabulary of 150,000 tokens, in processor time, schema by schema.

Usage: test-grammar-speed.py SAY TOOL [--bench]: the built grammar-say and sotto-engine. As a test
it sees to it that no ordinary kind of schema costs more than its share of a token of a small model;
with --bench it prints the table, adds random schemas, and lets the tool write so many tokens freely
and constrained, in turns.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from grammar_peer import Say, Tap
from grammar_random import Maker

MODEL = os.path.expanduser('~/.local/share/sotto/models/Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf')
# A token of that model takes 20 ms on two cores: 5 % of it, and twice that for means, since what is
# seldom costs more and a busy machine takes twice the time for the same.
MEAN_US, MEDIAN_US, COMPILE_US = 2000, 1000, 500_000

TEXT = {'type': 'string'}
PERSON = {
    'type': 'object',
    'properties': {
        'name': TEXT, 'biography': TEXT, 'age': {'type': 'integer', 'minimum': 0, 'maximum': 150},
        'tags': {'type': 'array', 'items': TEXT, 'maxItems': 5},
        'address': {'type': 'object', 'properties': {'street': TEXT, 'city': TEXT},
                    'required': ['city']}},
    'required': ['name', 'biography', 'age']}
TREE = {'$ref': '#/$defs/t', '$defs': {'t': {
    'type': 'object', 'required': ['name', 'children'],
    'properties': {'name': {'type': 'string', 'maxLength': 8},
                   'children': {'type': 'array', 'items': {'$ref': '#/$defs/t'}, 'maxItems': 3}}}}}
MANY = {'type': 'object', 'properties': {
    f'property{i}': {'type': ['string', 'number', 'null'], 'maxLength': 9} for i in range(100)}}
EVENTS = {'type': 'array', 'minItems': 5, 'items': {
    'type': 'object', 'required': ['at', 'who', 'kind'], 'properties': {
        'at': {'type': 'string', 'format': 'date-time'},
                                                                        'who': {'type': 'string',
                                                                                'format': 'email'},
        'kind': {'enum': ['meeting', 'call', 'note']}, 'link': {'type': 'string',
                                                                'format': 'uri'}}}}
KINDS = {
    'a record with free texts': {'schema': PERSON},
    'dates, addresses, links': {'schema': EVENTS},
    'an enumeration of 200 words': {'schema': {'enum': [f'{w}-{i}' for i in range(50)
                                                        for w in ('yes', 'no', 'ja', 'tak')]}},
    'any JSON': {'schema': True},
    'a recursive tree': {'schema': TREE},
    'an object with 100 optional properties': {'schema': MANY},
    'a text of up to 500 characters': {'schema': {'type': 'string', 'minLength': 450,
                                                  'maxLength': 500}},
    'a text of up to 60,000 characters': {'schema': {'type': 'string', 'minLength': 1000,
                                                     'maxLength': 60000}},
    'a pattern, {100,400} of a class': {'schema': {'type': 'string',
                                                   'pattern': '^[A-Za-z0-9 ,.]{100,400}$'}},
    'a pattern, .{100,400}': {'schema': {'type': 'string', 'pattern': '^.{100,400}$'}},
    'a pattern of words': {'schema': {'type': 'string', 'pattern': '^\\w+( \\w+){5,200}$'}},
    'GBNF: lines of anything': {'gbnf': 'root ::= ([^\\n]{1,200} "\\n"){1,20}'},
    'GBNF: a list of chess moves': {
        'gbnf': 'root ::= (move " "){5,40}\n'
                'move ::= [KQRBN]? [a-h]? [1-8]? "x"? [a-h] [1-8] "+"?'},
}


def masks(tap, say, bench):
    if bench:
        print(f'# {"":40} {"compile ms":>10} {"masks":>6} {"first µs":>8} {"median µs":>9} '
              f'{"mean µs":>8} {"worst µs":>8}')
    for name, request in KINDS.items():
        got = say.ask(**request, say=2, seed=1, most=400)
        times = got['masks_us']
        median, mean = statistics.median(times), statistics.mean(times)
        row = (f'{name:40} {got["compile_us"] / 1000:10.2f} {len(times):6} {times[0]:8} '
               f'{median:9.0f} {mean:8.0f} {max(times):8}')
        if bench:
            print(f'# {row}', flush=True)
        tap.result(median <= MEDIAN_US and mean <= MEAN_US and got['compile_us'] <= COMPILE_US,
                   name, row)


def random_schemas(say, count=1000):
    compiled, times = [], []
    for seed in range(count):
        got = say.ask(schema=Maker(seed).schema()[0], say=1, seed=seed, most=400)
        compiled.append(got['compile_us'])
        times += got['masks_us']
    times.sort()
    print(f'# {count} random schemas: compiled in {statistics.mean(compiled) / 1000:.2f} ms, '
          f'at most {max(compiled) / 1000:.1f}; {len(times)} masks, '
          f'median {statistics.median(times):.0f} µs, mean {statistics.mean(times):.0f}, '
          f'99 % below {times[len(times) * 99 // 100]}, worst {times[-1]}')


def generate(tool, tokens, more):
    """Tokens a second by the clock, and processor seconds of the process."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [tool, 'generate', MODEL, '--raw', '-p', 'A story of 2000 words as JSON: ', '-n',
             str(tokens), '-s', '1',
             '--temperature', '0.7', '--receipt', *more], stdout=subprocess.DEVNULL, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        receipt = json.loads(errors.read().decode().splitlines()[-1])
    assert receipt['generated_tokens'] == tokens, receipt
    return 1e6 * (tokens - 1) / receipt['decode_us'], usage.ru_utime + usage.ru_stime


def decode(tool, tokens=96, pairs=3):
    """Of texts that cannot end before so many tokens, with one thread."""
    schemas = {
        'a long text': {'type': 'object', 'properties': {'story': {'type': 'string',
                                                                   'minLength': 5000}},
                        'required': ['story']},
        'records': {'type': 'array', 'items': PERSON, 'minItems': 40},
        'a pattern': {'type': 'string', 'pattern': '^[A-Za-z0-9 ,.]{2000,4000}$'},
    }
    for name, schema in schemas.items():
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            json.dump(schema, file)
            file.flush()
            free, held = [], []
            for _ in range(pairs):
                free.append(generate(tool, tokens, ['-t', '1']))
                held.append(generate(tool, tokens, ['-t', '1', '--json-schema', file.name]))
        for what, which, unit in (('by the clock', 0, 'tok/s'), ('processor', 1, 's')):
            ratios = [h[which] / f[which] for f, h in zip(free, held, strict=True)]
            print(f'# decode {tokens}, {name}, {what}: '
                  f'free {statistics.median(f[which] for f in free):.2f} {unit}, '
                  f'constrained {statistics.median(h[which] for h in held):.2f} {unit}, ratio of '
                  f'pairs {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})',
                  flush=True)


def main():
    tap = Tap()
    bench = '--bench' in sys.argv[3:]
    if not os.path.exists(MODEL):
        tap.skip('masks', f'{MODEL} is not there')
        return tap.close()
    say = Say(sys.argv[1], MODEL)
    begin = time.monotonic()
    masks(tap, say, bench)
    if bench:
        random_schemas(say)
    tap.result(say.close() == 0, f'the program ends well, after {time.monotonic() - begin:.1f} s')
    if bench:
        print(f'# load {os.getloadavg()[0]:.1f}')
        decode(sys.argv[2])
        print(f'# load {os.getloadavg()[0]:.1f}')
    return tap.close()


if __name__ == '__main__':
    sys.exit(main())
