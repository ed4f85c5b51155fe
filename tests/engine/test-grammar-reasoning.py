#!/usr/bin/env python3
"""A model that thinks before an answer that has to fit: its thoughts are free, its answer is held.

Usage: test-grammar-reasoning.py TOOL, the built sotto-engine. The models say what their script
says, as far as they may (end-to-end/scripted_model.py).
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from grammar_peer import Tap

sys.path.insert(0, f'{os.path.dirname(os.path.abspath(__file__))}/../end-to-end')
import scripted_model  # noqa: E402

ANSWER = '{"city": "Łódź <think> in", "days": 2}'
SCHEMA = {'type': 'object', 'properties': {'city': {'type': 'string', 'maxLength': 30},
                                           'days': {'type': 'integer', 'minimum': 0, 'maximum': 9}},
          'required': ['city', 'days']}
# A prompt that has thoughts begun, and one that has them behind it; both end with the line end that
# the script follows.
OPEN = scripted_model.TEMPLATE.replace('assistant\n{% endif %}', 'assistant\n<think>\n{% endif %}')
CLOSED = scripted_model.TEMPLATE.replace('assistant\n{% endif %}',
                                         'assistant\n<think>\n\n</think>\n\n{% endif %}')
HARMONY = ('{%- for message in messages %}'
           '<|start|>{{ message.role }}<|message|>{{ message.content }}<|end|>{% endfor %}'
           '{%- if add_generation_prompt %}<|start|>assistant\n{% endif %}{# <|channel|> #}')
TAG = r'<\|[a-z_]+\|>|</?think>|</?tool_call>'


def pieces(script):
    """As scripted_model's, but with harmony's tags, and with all line ends in a row as one."""
    found = []
    for part in filter(None, re.split(f'({TAG})', script)):
        found += [part] if re.fullmatch(TAG, part) else re.findall(r'\n+|[ ]*[^ \n]+|[ ]+', part)
    return found


scripted_model.pieces = pieces

CASES = {
    'thoughts, then the answer': ('<think>\nHm. Two days?\n</think>' + ANSWER,
                                  scripted_model.TEMPLATE, True),
    'an empty line between them': ('<think>\nHm.\n</think>\n\n' + ANSWER, scripted_model.TEMPLATE,
                                   True),
    'thoughts that the prompt begins': ('Hm. {"no": "answer"} yet.\n</think>\n\n' + ANSWER, OPEN,
                                        True),
    'thoughts that the prompt has behind it': (ANSWER, CLOSED, False),
    'no thoughts': (ANSWER, scripted_model.TEMPLATE, False),
    'channels': ('<|channel|>analysis<|message|>Hm. {"no": 1}<|end|>'
                 '<|start|>assistant<|channel|>final<|message|>'
                 + ANSWER, HARMONY, True),
    'a channel for the answer only': ('<|channel|>final<|message|>' + ANSWER, HARMONY, False),
    'a header that is none': ('final ' + ANSWER, HARMONY, None),
    'thoughts that end the turn': ('<think>\nHm.', scripted_model.TEMPLATE, True),
    'a call in place of an answer': ('<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>',
                                     scripted_model.TEMPLATE, False),
}


def main():
    tap = Tap()
    tool = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        schema, model = f'{folder}/schema.json', f'{folder}/model.gguf'
        with open(schema, 'w', encoding='utf-8') as file:
            json.dump(SCHEMA, file)
        for name, (script, template, thinks) in CASES.items():
            scripted_model.write(model, script, template=template)
            ran = subprocess.run([tool, 'generate', model, '-p', 'Where to?', '--json-schema',
                                  schema, '-n', '200',
                                  '--temperature', '0', '--receipt'], capture_output=True,
                                 timeout=60, check=False)
            try:
                receipt = json.loads(ran.stderr.decode().splitlines()[-1])
                value = json.loads(ran.stdout)
                fits = (set(value) == {'city', 'days'} and isinstance(value['days'], int)
                        and 0 <= value['days'] <= 9
                        and isinstance(value['city'], str) and len(value['city']) <= 30)
                thought = receipt['generated_tokens'] > 0 and receipt.get('reasoning_tokens', 0) > 0
                # What the script has of an answer is said as it stands there.
                said = (ANSWER not in script or name == 'a header that is none'
                        or ran.stdout.decode().strip() == ANSWER)
                tap.result(fits and said and thinks in (None, thought), name,
                           f'{ran.stdout} {receipt}')
            except (ValueError, KeyError, IndexError):
                tap.result(False, name, f'{ran}')
    return tap.close()


if __name__ == '__main__':
    sys.exit(main())
