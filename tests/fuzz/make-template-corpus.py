#!/usr/bin/env python3
"""Makes the corpus of fuzz-template: the starters' templates, and the pieces of the language by group.

Usage: make-template-corpus.py FOLDER
"""
import os
import sys

here = os.path.dirname(os.path.abspath(__file__))
fixtures = os.path.join(here, '..', 'engine', 'fixtures')
corpus = sys.argv[1]
os.makedirs(corpus, exist_ok=True)


def write(name, text, *more):
    with open(os.path.join(corpus, name), 'wb') as file:
        file.write(b'\0'.join(part.encode() for part in (text, *more)))


for name in ('smollm2-135m-instruct', 'qwen2.5-coder-0.5b-instruct'):
    with open(os.path.join(fixtures, name + '.jinja'), encoding='utf-8', newline='') as file:
        write(name, file.read())

groups, group = {}, None
with open(os.path.join(fixtures, 'jinja-language.txt'), encoding='utf-8') as file:
    for line in file:
        line = line.rstrip('\n')
        if line.startswith('# '):
            group = line[2:].split()[0].strip(',')
        elif line:
            groups.setdefault(group, []).append(line)
for group, lines in groups.items():
    for i in range(0, len(lines), 8):
        # An error ends a template: each line alone, in branches that a fuzzer can reach.
        body = ''.join(f'{{% if n == {j} %}}{line}{{% endif %}}' if '{% if' not in line and '{% raw' not in line
                       else line for j, line in enumerate(lines[i:i + 8]))
        write(f'{group}-{i // 8}', body, '', '{"n": %d, "x": "word", "l": [1, "a"]}' % (i % 8))
write('messages', '{{ messages | tojson }}{% for m in messages %}{{ m.role ~ m.content }}{% endfor %}',
      '[{"role": "user", "content": "a\\ud83d\\ude42\\ud800", "n": [1e400, 123456789012345678901]}]')
