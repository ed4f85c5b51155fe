#!/usr/bin/env python3
"""The language of templates, piece by piece: fixtures/jinja-language.txt through jinja2 and through us.

Usage: test-template-language.py PROGRAM, the built tests/engine/template-render.
"""
import os
import re
import sys

from jinja_peer import Ours, Tap, render_jinja2

# Where we differ, and mean to. Each must differ still, or its line here is out of date.
DIFFERENT = {
    "{{ 9223372036854775807 + 1 - 1 < 0 }}": 'integers have 64 bits here; more is an error',
    "{{ (-8) ** 0.5 }}": 'there are no complex numbers here',
    "{{ 1.real }}": 'numbers have no attributes here',
}


def cases():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures', 'jinja-language.txt')
    group, found = None, []
    with open(path, encoding='utf-8') as file:
        for line in file:
            line = line.removesuffix('\n')
            if line.startswith('# '):
                group = line.removeprefix('# ')
            elif line:
                found.append((group, line))
    return found


def unescape(line):
    """Only outside of tags: inside, a backslash is the template's own."""
    parts = re.split(r'(\{\{.*?\}\}|\{%.*?%\})', line)
    escapes = {'\\n': '\n', '\\r': '\r', '\\t': '\t', '\\u00a0': '\u00a0', '\\u2003': '\u2003'}
    return ''.join(part if i % 2 else re.sub(r'\\(?:u[0-9a-f]{4}|.)', lambda m: escapes.get(m[0], m[0]), part)
                   for i, part in enumerate(parts))


def main():
    tap = Tap()
    ours = Ours(sys.argv[1])
    request = {'messages': [], 'bos': '<s>', 'eos': '</s>'}
    groups = {}
    for group, line in cases():
        source = unescape(line)
        expected = render_jinja2(source, request)
        got = ours.render(source, request)
        same = expected[0] == got[0] and (expected[0] == 'error' or expected[1] == got[1])
        problems = groups.setdefault(group, [])
        if line in DIFFERENT:
            if same:
                problems.append(f'{line}\n  no longer different: {DIFFERENT[line]}')
        elif not same:
            problems.append(f'{line}\n  expected {expected[0]}: {expected[1]!r}\n  got {got[0]}: {got[1]!r}')
    for group, problems in groups.items():
        tap.result(group, problems)
    if ours.close() != 0:
        tap.result('template-render ends well', ['it did not'])
    return tap.finish()


sys.exit(main())
