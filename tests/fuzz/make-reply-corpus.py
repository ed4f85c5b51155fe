#!/usr/bin/env python3
"""Makes the corpus of fuzz-reply: one reply of each format, and those that once broke something.

Usage: make-reply-corpus.py FOLDER
"""
import os
import sys

CONTROL, TEXT = '\3', '\1'


def control(text, *tokens):
    for token in tokens:
        text = text.replace(token, CONTROL + token + TEXT)
    return text


REPLIES = {
    'hermes': ('<tool_call>', '<think>', 'Hm.</think>\n\nA <tool_call>\n{"name": "f", "arguments": {"a": "</tool_call>\\" }"}}'
               '\n</tool_call>\n<tool_call>[{"function": {"name": "f", "arguments": "{\\"a\\": 1}"}, "id": "x"}]</tool_call>'),
    'hermes-broken': ('<tool_call>', '', 'A <tool_call>{"name": "f", "arguments": {"a" 1}}</tool_call> <tool_call>{"na'),
    'fence': ('<tool_call>', '', '```\n<tool_call>{}\n```\n`<think>` <think>\n<think>B'),
    'qwen-coder': ('<function=<parameter=', '', '<tool_call>\n<function=f>\n<parameter=a>\n{\'b\': (1, True)}\n</parameter>\n'
                   '</function>\n</tool_call>'),
    'glm': ('<arg_key>', '', '<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>007</arg_value>\n</tool_call>'),
    'harmony': ('<|channel|><|message|>', '<|start|>assistant',
                control('<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>commentary to=functions.f '
                        '<|constrain|>json<|message|>{"a": 1}<|call|>', '<|channel|>', '<|message|>', '<|end|>',
                        '<|start|>', '<|constrain|>', '<|call|>')),
    'mistral': ('[TOOL_CALLS]', '', control('[TOOL_CALLS]f[CALL_ID]abc[ARGS]{"a": [1]}[TOOL_CALLS][{"name": "f", "arguments": {}, '
                                            '"id": "i"}]', '[TOOL_CALLS]')),
    'llama': ('ipython "parameters": ', '', '{"name": "f", "parameters": {"a": 1}}; {"name": "f", "parameters": {}}'),
    'python-tag': ('ipython "parameters": ', '', control('<|python_tag|>t.call(a="b\\u0105", c=[None])', '<|python_tag|>')),
    'command': ('<|START_ACTION|>', '', '<|START_THINKING|>Hm.<|END_THINKING|><|START_ACTION|>[{"tool_call_id": 0, "tool_name": '
                '"f", "parameters": {}}]<|END_ACTION|>'),
    'deepseek-r1': ('<｜tool▁sep｜>```json', '<think>\n', '</think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n'
                    '```json\n{"a": 1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>'),
    'dsml': ('｜DSML｜', '', '<｜DSML｜tool_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="a" string="true">b</｜DSML｜parameter>\n'
             '</｜DSML｜invoke>\n</｜DSML｜tool_calls>'),
    'functionary': ('>>>all', '>>>', 'all\nHello.>>>f\n{"a": 1}>>>f\n{}'),
    'kimi': ('<|tool_call_argument_begin|>', '', '<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0'
             '<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>'),
    'gemma-4': ('<|tool_call>', '', '<|channel>thought\nHm.<channel|><|tool_call>call:f{a:<|"|>b}<|"|>,c:{d:[1,true]}}<tool_call|>'),
    'lfm': ('<|tool_list_start|>', '', "<|tool_call_start|>[f(a='b\\'', c={'d': -1.5e3}), f()]<|tool_call_end|>"),
    'nested': (']<]minimax[>[', '', ']<]minimax[>[<tool_call>\n]<]minimax[>[<invoke name="f">]<]minimax[>[<a>]<]minimax[>[<item>1'
               ']<]minimax[>[</item>]<]minimax[>[</a>]<]minimax[>[</invoke>\n]<]minimax[>[</tool_call>'),
    'muse': ('<atem:function_calls>', '<|start|>assistant', ' to=self<|message|>Hm.<|eom|><|start|>assistant to=f<|message|>'
             '<atem:function_calls>\n<atem:invoke name="f">\n<atem:parameter name="a">1</atem:parameter>\n</atem:invoke>\n'
             '</atem:function_calls>'),
    'apertus': ('<|tools_prefix|>', '', '<|tools_prefix|>[{"f": {"a": 1}}, {"f": {}}]<|tools_suffix|>'),
    'solar': ('<|tool_call:args|>', '<|begin|>assistant', '<|think|>Hm.<|end|><|begin|>assistant<|tool_calls|><|tool_call:begin|>i'
              '<|tool_call:name|>f<|tool_call:args|>{}<|tool_call:end|><|calls|>'),
    'gigachat': ('function call<|role_sep|>', '', 'A<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": "f", "arguments": {}}'),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, (template, prompt, reply) in REPLIES.items():
        with open(os.path.join(sys.argv[1], name), 'wb') as file:
            file.write('\0'.join([template, prompt, reply]).encode())


main()
