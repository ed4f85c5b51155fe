#!/usr/bin/env python3
"""Makes the corpus of fuzz-archive: exports that hold everything that one can, and some that were damaged.

Usage: make-archive-corpus.py FOLDER
"""
import json
import os
import sys


def uuid(number):
    return f"00000000-0000-4000-8000-{number:012x}"


def message(number, parent=None, **more):
    whole = {"id": uuid(number), "parent": parent and uuid(parent), "shown": True, "role": "user", "status": "complete",
             "created": "2026-03-05T12:00:00.000001Z", "parts": [{"kind": "text", "text": "Will it rain?"}], **more}
    return {key: value for key, value in whole.items() if value is not None}


def document(*conversations, **more):
    return {"format": "sotto-conversations", "version": 1, "conversations": list(conversations), **more}


def conversation(number, *messages, **more):
    return {"id": uuid(number), "title": "Rain", "created": "2026-03-05T12:00:00Z", "updated": "2026-03-05T12:00:07.25Z",
            "messages": list(messages), **more}


MODEL = {"name": "Qwen", "file": "qwen.gguf", "hash": "ab12"}
REPLY = {"role": "assistant", "model": MODEL, "receipt": '{"version":1,"model":"/a/b.gguf","t":0.10,"seed":18446744073709551616}'}
WHOLE = document(
    conversation(1, message(2, parts=[{"kind": "text", "text": "*a*\n```\nb"},
                                      {"kind": "image", "name": "a.png", "media_type": "image/png", "data": "AAEC/w=="},
                                      {"kind": "document", "name": "b.txt", "text": "c", "data": ""},
                                      {"kind": "document", "name": "c.pdf", "media_type": "application/pdf", "text": "c",
                                       "first_page": 1, "last_page": 9},
                                      {"kind": "document", "name": "d_e.pdf", "text": "f\ng", "first_page": 3, "last_page": 4}]),
                 message(3, 2, **REPLY, shown=False, status="stopped", parts=[{"kind": "reasoning", "text": "~~~\n"}]),
                 message(4, 2, **REPLY, status="failed", parts=[{"kind": "tool_call", "name": "f", "text": '{"a":"```"}'}]),
                 message(5, 4, role="tool", parts=[{"kind": "tool_result", "name": "f", "text": "7"}]),
                 message(6, role="system", status="interrupted"), model=MODEL),
    conversation(7, title=""), later={"a": [None, True, 1.5, "😀"]})

FILES = {
    "whole": json.dumps(WHOLE),
    "indented": json.dumps(WHOLE, indent=2, ensure_ascii=False),
    "empty": json.dumps(document()),
    "newer": json.dumps({**document(), "version": 2}),
    "foreign": json.dumps({"conversations": []}),
    "cut": json.dumps(WHOLE)[:700],
    "twice": json.dumps(document(conversation(1, message(2), message(2)))),
    "orphan": json.dumps(document(conversation(1, message(2, 3), message(3)))),
    "day": json.dumps(document(conversation(1, created="2026-02-30T12:00:00Z"))),
    "zero": json.dumps(document(conversation(1, title="a\0b"))),
}


def main():
    os.makedirs(sys.argv[1], exist_ok=True)
    for name, text in FILES.items():
        with open(os.path.join(sys.argv[1], name), "wb") as file:
            file.write(text.encode())


main()
