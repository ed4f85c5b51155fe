#!/usr/bin/env python3
"""Thousands of random JSON Schemas, with a small vocabulary and with a real one of 150,000 tokens.

Usage: test-grammar-many.py PROGRAM, the built grammar-say
"""
import os
import sys

from grammar_peer import Say, Tap
from grammar_random import run

COUNT = 5000
QWEN = os.path.expanduser('~/.local/share/sotto/models/Qwen2.5-Coder-0.5B-Instruct.Q4_K_M.gguf')


def main():
    tap = Tap()
    for name, arguments, first in (('a small vocabulary', [], 1_000_000),
                                   ('150,000 tokens', [QWEN], 2_000_000)):
        if arguments and not os.path.exists(arguments[0]):
            tap.skip(name, f'{arguments[0]} is not there')
            continue
        say = Say(sys.argv[1], *arguments)
        problem, seen = run(say, first, COUNT, 2, 600)
        tap.result(problem is None, f'{name}: {seen}', problem)
        tap.result(say.close() == 0, 'the program ends well')
    return tap.close()


if __name__ == '__main__':
    sys.exit(main())
