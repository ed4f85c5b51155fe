#!/usr/bin/env python3
"""Makes the corpus of fuzz-import: the samples of other programs' files, and what no program writes.

Usage: make-import-corpus.py FOLDER
"""
import json
import pathlib
import shutil
import struct
import sys

SAMPLES = pathlib.Path(__file__).parents[1] / "app" / "imports"
NODE = {"author": {"role": "assistant"}, "content": {"content_type": "thoughts", "thoughts": [{"content": "hm"}]}}
SAID = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["a", 5, {"text": "b"}]}}


def chatgpt(nodes, **more):
    return json.dumps([{"id": "c", "title": "T", "mapping": nodes, **more}])


FILES = {
    "circle": chatgpt({"a": {"parent": "b", "message": SAID}, "b": {"parent": "a", "message": NODE}}, current_node="b"),
    "orphan": chatgpt({"a": {"parent": "x", "message": NODE}, "b": {"parent": "a", "message": SAID}, "": {"parent": "", "message": SAID}}),
    "times": json.dumps({"created_at": 1e300, "messages": [{"role": "user", "content": "a", "timestamp": -1},
                                                           {"role": "user", "content": "b", "date": "2026/03/05 12:00:00"}]}),
    "title": json.dumps({"Bread": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]}),
    "surrogates": '{"messages":[{"role":"user","content":"\\ud83d\\ud83d\\ude42\\ude42\\\\ud83d"}]}',
    "lines": '{"messages":[{"role":"user","content":"a"}]}\n\n{"messages":[}\n{"object":"thread","id":"t"}\n',
    "thread": '{"object":"thread.message","thread_id":"t","role":"user","content":[{"type":"text","text":{"value":"<think>a</think>"}}]}',
    "details": json.dumps({"chat": {"messages": [{"role": "assistant", "content":
                           '<details type="reasoning" done="true">\n<summary>s</summary>\n&gt; a &amp;\n</details>b<details type="x">'}]}}),
    "versions": json.dumps({"createdAt": 1, "messages": [{"versions": [], "currentlySelected": 9}, {"versions": [{"role": "user"}]}]}),
    "stream": struct.pack(">IiqI", 0xf5d553cc, 12, 1, 0xfffffffe) + struct.pack(">Q", 1 << 62),
    "zip": b"PK\3\4",
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for sample in SAMPLES.rglob("*"):
        if sample.is_file() and sample.suffix in (".json", ".jsonl", ".chat"):
            shutil.copyfile(sample, folder / sample.name)


main()
