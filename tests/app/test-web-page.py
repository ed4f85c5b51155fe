"""A conversation as a page of the web, read by Python's parser of HTML and Pillow: what is on it, and that nothing that anybody wrote is
more than text there."""
import base64
import html.parser
import io
import json
import random
import struct
import subprocess
import sys
import time

from PIL import Image

PROGRAM = sys.argv[1]

VOID = {"meta", "br", "hr", "img", "input"}
# Which elements may be there, and which attributes they may have
ALLOWED = {
    "html": {"lang", "dir"}, "head": set(), "meta": {"charset", "http-equiv", "content", "name"}, "title": set(), "style": set(),
    "body": set(), "header": set(), "main": set(), "section": set(), "article": {"class"}, "h1": {"lang", "dir"}, "time": {"datetime"},
    "div": {"class", "lang", "dir", "tabindex"}, "details": set(), "summary": set(), "figure": set(), "figcaption": set(),
    "img": {"width", "height", "alt", "src"}, "a": {"href", "title", "rel"}, "pre": set(), "code": {"class"}, "p": {"class"},
    "table": set(), "thead": set(), "tbody": set(), "tr": set(), "th": {"align"}, "td": {"align"}, "ul": {"class"}, "ol": {"start"},
    "li": {"class"}, "input": {"type", "checked", "disabled"}, "blockquote": set(), "em": set(), "strong": set(), "del": set(),
    "math": {"display"}, "semantics": set(), "annotation": {"encoding"}, "mrow": {"class"}, "mi": {"class", "mathvariant"}, "mn": {"class"},
    "mtext": {"class"}, "mo": {"class", "stretchy", "fence", "minsize", "maxsize"}, "mspace": {"width"}, "mfrac": {"linethickness"},
    "msqrt": set(), "mroot": set(), "msub": set(), "msup": set(), "msubsup": set(), "munder": {"accentunder"}, "mover": {"accent"},
    "munderover": set(), "mtable": {"displaystyle", "class"}, "mtr": set(), "mtd": {"class"}, "mphantom": set(),
    "mstyle": {"displaystyle", "scriptlevel"}, "hr": set(), "br": set(), "h2": set(), "h3": set(), "h4": set(), "h5": set(), "h6": set(),
}
# What a reader would not see, or would be misled by (Unicode, chapter 23), and what HTML forbids
UNSEEN = [*range(0, 9), 11, *range(12, 32), *range(127, 160), 0xad, 0x61c, 0x200b, 0x200e, 0x200f, *range(0x202a, 0x202f),
          *range(0x2060, 0x206a), 0xfeff, *range(0xfdd0, 0xfdf0), 0xfffe, 0xffff, 0xe0041]


# How many children elements of MathML Core take that do not take any number (its chapter 3)
CHILDREN = {"math": 1, "semantics": 2, "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3}


class Element:
    def __init__(self, tag, attributes, parent):
        self.tag, self.attributes, self.parent, self.children = tag, dict(attributes), parent, []

    def text(self):
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)

    def all(self, tag=None, **attributes):
        for child in self.children:
            if isinstance(child, Element):
                if tag in (None, child.tag) and all(child.attributes.get(name.rstrip("_")) == value for name, value in attributes.items()):
                    yield child
                yield from child.all(tag, **attributes)

    def one(self, tag=None, **attributes):
        found = list(self.all(tag, **attributes))
        assert len(found) == 1, f"{len(found)} times {tag} {attributes}"
        return found[0]


class Page(html.parser.HTMLParser):
    """Takes what closes all that it opens, and no other: browsers would take more, each in its way."""

    def __init__(self, source):
        super().__init__()
        self.root = self.at = Element("", [], None)
        self.depth = 0
        self.feed(source)
        self.close()
        assert self.at is self.root, f"{self.at.tag} is not closed"

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, f"there is a <{tag}>"
        assert {name for name, _ in attrs} <= ALLOWED[tag], f"<{tag}> has {attrs}"
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> has {attrs}"
        element = Element(tag, attrs, self.at)
        self.at.children.append(element)
        if tag not in VOID:
            self.at = element

    def handle_startendtag(self, tag, attrs):
        assert tag in VOID, f"<{tag}/>"
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag):
        assert self.at.tag == tag, f"</{tag}> ends <{self.at.tag}>"
        assert len(self.at.children) == CHILDREN.get(tag, len(self.at.children)), f"<{tag}> has {len(self.at.children)} children"
        self.at = self.at.parent

    def handle_data(self, data):
        self.at.children.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data):
        raise AssertionError(f"<?{data}")

    def handle_decl(self, decl):
        assert decl == "DOCTYPE html" and not self.root.children, decl

    def unknown_decl(self, data):
        raise AssertionError(f"<![{data}")


def part(kind, text="", **more):
    return {"kind": kind, "text": text, **more}


def message(*parts, role="assistant", **more):
    return {"role": role, "status": "complete", "shown": True, "parts": list(parts), **more}


def write(messages, title="Talk", status=0, **more):
    """What the program says of a conversation of which each message answers the one before, unless it says which"""
    known = []
    for i, each in enumerate(messages):
        each["id"] = f"00000000-0000-4000-8000-{i:012}"
        each["created"] = "2026-03-05T12:00:00Z"
        if "parent" not in each and known:
            each["parent"] = known[-1]
        elif "parent" in each:
            each["parent"] = known[each["parent"]]
        known.append(each["id"])
    talk = {"id": "00000000-0000-4000-8000-00000000000f", "title": title, "created": "2026-03-05T12:00:00Z",
            "updated": "2026-03-05T12:00:00Z", "messages": messages, **more}
    archive = json.dumps({"format": "sotto-conversations", "version": 1, "conversations": [talk]})
    done = subprocess.run([PROGRAM], input=archive.encode(), capture_output=True, timeout=50,
                          env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": "/usr/bin:/bin"})
    assert done.returncode == status, done.stderr.decode()[-2000:]
    return done.stdout.decode()


def read(messages, **more):
    source = write(messages, **more)
    page = Page(source).root
    check(page, source)
    return page


def check(page, source):
    """What holds of every page"""
    for c in source:
        assert ord(c) not in UNSEEN or c in "\n\t", f"U+{ord(c):04X} is on the page"
    head = page.one("head")
    policy = head.one("meta", **{"http-equiv": "Content-Security-Policy"}).attributes["content"]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:", policy
    order = [element.attributes for element in head.all("meta")]
    assert order[0] == {"charset": "utf-8"} and "http-equiv" in order[1], "the policy comes too late"
    style = page.one("style").text()
    assert "url(" not in style and "@import" not in style and "</" not in style
    for link in page.all("a"):
        assert link.attributes["href"].lower().startswith(("http://", "https://", "mailto:")), link.attributes
        assert link.attributes["rel"] == "noreferrer" and link.attributes["title"] == link.attributes["href"]
        assert not list(link.all("a")), "a link in a link"
    for picture in page.all("img"):
        assert picture.attributes["src"].startswith("data:image/png;base64,"), picture.attributes["src"][:40]
    for details in page.all("details"):
        assert details.children[1].tag == "summary", "details without a summary"


# --- What is on it ---

MARKDOWN = """# Towers

**Two** of *them*, ~~three~~, `a*b` & <b>:

- [x] Eiffel
- [ ] Babel

| tower | m |
|:--|--:|
| Eiffel | 330 |

```python hl
if a < b and "c":
\tpass
```

Where \\(a_1*b_2*c_3 < 1\\), and [this](https://example.org/?a=1&b=2).

$$
x_1 = y*z*w
$$
"""


def reads():
    page = read([message(part("text", "Which *towers*?\n\n<b>are</b> there?"), role="user"),
                 message(part("reasoning", "Let **me** think"), part("text", MARKDOWN), model={"file": "tall.gguf", "name": "Tall 3B"})],
                title="Towers & <towers>", model={"file": "tall.gguf", "name": "Tall 3B"})
    assert page.one("html").attributes == {"lang": "en", "dir": "ltr"}
    assert page.one("title").text() == page.one("h1").text() == "Towers & <towers>"
    assert page.one("p", class_="about").text() == "5 March 2026 · Tall 3B"
    assert page.one("time").attributes["datetime"] == "2026-03-05"
    asked, answered = page.all("article")
    assert (asked.attributes["class"], answered.attributes["class"]) == ("user", "assistant")
    assert asked.one("h2").text() == "You" and answered.one("h2").text() == "Tall 3B"
    assert asked.one("div").text() == "Which *towers*?\n\n<b>are</b> there?"
    thoughts = answered.one("details")
    assert thoughts.one("summary").text() == "Thoughts" and thoughts.one("strong").text() == "me"
    said = answered.one("div", class_="said")
    assert said.one("h3").text() == "Towers"
    assert [said.one(tag).text() for tag in ("strong", "em", "del")] == ["Two", "them", "three"]
    assert "& <b>:" in said.text()
    assert ["checked" in box.attributes for box in said.all("input")] == [True, False]
    assert said.one("div", class_="wide").one("table").one("tbody").text().split() == ["Eiffel", "330"]
    assert [cell.attributes["align"] for cell in said.all("th")] == ["left", "right"]
    assert said.one("code", class_="language-python").text() == 'if a < b and "c":\n\tpass\n'
    assert [formula.text() for formula in said.all("annotation")] == ["\\(a_1*b_2*c_3 < 1\\)", "$$\nx_1 = y*z*w\n$$"]
    assert said.one("a").attributes["href"] == "https://example.org/?a=1&b=2"
    print("ok 1 - what was said")


def parts():
    held = '{"model":"x.gguf","grammar_sha256":"ab","ended":"end"}'  # as the engine writes it
    page = read([message(part("text", "Be short."), role="system"),
                 message(part("text", "Look"), part("document", "a < b\n  c", name="notes.md", media_type="text/markdown"),
                         part("document", "", name="empty.pdf", media_type="application/pdf"),
                         part("document", "Passage", name="report.pdf", first_page=3, last_page=4), role="user"),
                 message(part("text", "Before"), part("tool_call", '{"x": "1 < 2"}', name="calculate"),
                         part("tool_result", "2", name="calculate"), part("text", "After"), status="stopped"),
                 message(part("text", "And?"), role="user"),
                 message(part("text", "another version"), shown=False),
                 message(part("text", '{"a":[1,{"b":"<"}]}'), parent=3, receipt=held, status="failed"),
                 message(part("text", "No more"), role="user", parent=4)])
    articles = list(page.all("article"))
    assert [article.attributes["class"] for article in articles] == ["system", "user", "assistant", "user", "assistant"]
    assert articles[0].one("h2").text() == "Instructions" and articles[0].one("div").text() == "Be short."
    names = [details.one("summary").text() for details in articles[1].all("details")]
    assert names == ["Attached: notes.md", "1. report.pdf, pages 3–4"], names
    assert next(articles[1].all("details")).one("div").text() == "a < b\n  c"
    assert [note.text() for note in articles[1].all("p", class_="note")] == ["Attached: empty.pdf", "Found in documents:"]
    order = [child.text().strip() for child in articles[2].children if isinstance(child, Element)]
    assert order[1:] == ["Before", 'Tool call: calculate\n{"x": "1 < 2"}', "Result of calculate\n2", "After", "Stopped"], order
    assert articles[4].one("code", class_="language-json").text() == '{\n  "a": [\n    1,\n    {\n      "b": "<"\n    }\n  ]\n}'
    assert not list(articles[4].all("div")), "an answer that is JSON stands there twice"
    assert articles[4].one("p", class_="note").text() == "This reply could not be finished"
    print("ok 2 - instructions, files, passages, tools, JSON, and of versions the one that is shown")


# --- Who would do harm ---

HOSTILE = [
    "</style><script>alert(1)</script>", "<script src=//evil.example/x></script>", "<img src=x onerror=alert(1)>", "</title><svg onload=1>",
    '" onmouseover="alert(1)', "' onfocus='alert(1)", "<!-- ", "-->", "<![CDATA[ x ]]>", "<?php x ?>", "<iframe src=javascript:1>", "</div></article>",
    "</pre></code>", "&lt;script&gt;", "&#x3c;script>", "<a href=javascript:alert(1)>x</a>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0>", "<link rel=stylesheet href=//evil.example>", "<details open ontoggle=alert(1)>",
    "<plaintext>", "<textarea>", "\x00\x01\x1b[31m\x7f\x85", "a\u202egnp.exe", "x\u2066y\u2069z\u200b", "\ufdd0\ufde0\ufde0\ufde0\ufde0\ufde0", "\uffff",
]
LINKS = [
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java&#10;script:alert(1))", "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)", "[x](file:///etc/passwd)", "[x](//evil.example)", "[x](<javascript:alert(1)>)", "![x](https://evil.example/pixel.png)",
    "![x](data:image/svg+xml,<svg>)", "<javascript:alert(1)>", "[![x](https://evil.example/a.png)](https://evil.example/b)",
    '[x](https://evil.example/"onmouseover="alert(1))', "[x](https://evil.example/\u202egnp 'title\" onclick=\"')", "[x]: javascript:alert(1)\n\n[x]",
    "![a [b](https://e.example/b)](https://e.example/a)", "https://evil.example/<script>", "[a](https://e.example/[b](https://e.example))", "[](https://evil.example/empty)",
]
CODE = ['```"><script>\nx\n```', "```x onload=alert(1)\n</code></pre><script>\n```", "`</code><script>`", "```math\n</code><script>\n```",
        "\\(</code><script>x\\)", "$$</p><script>$$", "| <script> | x |\n|---|---|\n| a<br>b | </table> |", "~~~\n</pre>"]


def visible(text):
    """As it is to be read: each character that nobody would see has to be one that everybody sees"""
    return all(ord(c) not in UNSEEN or c in "\n\t" for c in text)


def hostile():
    for text in HOSTILE + LINKS + CODE:
        stored = text.replace("\x00", "")
        page = read([message(part("text", stored), part("document", stored, name=stored.replace("\n", " "), media_type="text/plain"),
                             part("document", stored, name=stored.replace("\n", " ")),
                             part("image", name=stored.replace("\n", " "), media_type="image/png", data=base64.b64encode(bytes((1, 1, 9, 9, 9))).decode()),
                             role="user"),
                     message(part("reasoning", stored), part("text", stored), part("tool_call", stored, name=stored),
                             part("tool_result", stored, name=stored), part("text", "- " + stored), part("text", "> " + stored),
                             model={"file": "x.gguf", "name": stored})], title=stored.replace("\n", " "))
        asked, answered = page.all("article")
        plain = asked.one("div", class_="said plain").text()
        assert visible(plain), plain
        if visible(stored):
            assert plain == stored, plain
            assert page.one("title").text().split() == stored.split(), page.one("title").text()
            assert page.one("img").attributes["alt"].split() == stored.split()
        assert answered.all("div", class_="said")
    page = read([message(part("text", "\n\n".join(HOSTILE).replace("\x00", "")))])
    said = page.one("div", class_="said").text()
    for text in ("</style><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<iframe src=javascript:1>", "a⟨U+202E⟩gnp.exe",
                 "␁␛[31m␡⟨U+0085⟩", "⟨U+FFFF⟩"):
        assert text in said, text
    print("ok 3 - what somebody would have run, loaded or hidden is text")


def links():
    page = read([message(part("text", "\n\n".join(LINKS)))])
    said = page.one("div", class_="said")
    targets = {link.attributes["href"] for link in said.all("a")}
    assert "https://evil.example/pixel.png" in targets and "https://evil.example/empty" in targets and "https://evil.example/b" in targets, targets
    assert "x (javascript:alert(1))" in said.text() and "x (file:///etc/passwd)" in said.text()
    assert "%E2%80%AE" in "".join(targets), "an override stands in an address"
    assert any(link.text() == "https://evil.example/empty" for link in said.all("a")), "a link without words has none"
    page = read([message(part("text", "| [t](https://e.example/t) | \\(x_1*y*z\\) | a<br>b | <i>c</i> | ![p](https://e.example/p) |\n|-|-|-|-|-|"))])
    cells = list(page.all("th"))
    assert cells[0].one("a").text() == "t" and cells[1].one("annotation").text() == "\\(x_1*y*z\\)"
    assert cells[2].text() == "ab" and cells[2].one("br") and cells[3].text() == "<i>c</i>"
    assert cells[4].one("a").attributes["href"] == "https://e.example/p"
    print("ok 4 - links lead where they say, and pictures of others are not loaded")


def shape(element):
    """An element as words, without rows that have one child"""
    if element.tag == "mrow" and len(element.children) == 1 and not element.attributes:
        return shape(element.children[0])
    inner = " ".join(child if isinstance(child, str) else shape(child) for child in element.children)
    return inner if element.tag in ("mi", "mn", "mo", "mtext") else f"{element.tag}({inner})"


# What stands in a line and what for itself, and their trees as MathML Core describes its elements
FORMULAS = [
    ("\\frac{a}{2b}", "mfrac(a mrow(2 b))", None),
    ("\\sqrt{x} + \\sqrt[3]{y}", "mrow(msqrt(x) + mroot(y 3))", None),
    ("x_i^2 - y_1", "mrow(msubsup(x i 2) − msub(y 1))", None),
    ("\\sum_{i=1}^n i", "mrow(msubsup(∑ mrow(i = 1) n) i)", "mrow(munderover(∑ mrow(i = 1) n) i)"),
    ("\\lim_{x \\to 0} f", "mrow(msub(lim mrow(x → 0)) f)", "mrow(munder(lim mrow(x → 0)) f)"),
    ("\\binom{n}{k}", "mrow(( mfrac(n k) ))", None),
    ("\\left[ a \\right)", "mrow([ a ))", None),
    ("\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "mrow(( mtable(mtr(mtd(1) mtd(2)) mtr(mtd(3) mtd(4))) ))", None),
    ("\\mathbb{R} \\text{ for all } x", "mrow(ℝ \u00a0for\u00a0all\u00a0 x)", None),
    ("\\overbrace{a}^{b} \\vec{v} \\boxed{1} \\cancel{2} \\big( \\xrightarrow[a]{b} {\\textstyle x} \\phantom{y}", None, None),
    ("\\begin{array}{r|l} a & b \\\\ \\hline c & d \\end{array}", None, None),
    ("\\begin{aligned} a &= b \\\\ &= c \\end{aligned}", None, None),
]


def formulas():
    for tex, inline, display in FORMULAS:
        page = read([message(part("text", f"so \\({tex}\\) is\n\n\\[{tex}\\]"))])
        first, second = page.all("math")
        assert (first.attributes["display"], second.attributes["display"]) == ("inline", "block"), tex
        for math, wanted in ((first, inline), (second, display or inline)):
            row, annotation = math.one("semantics").children
            assert tex in annotation.text(), annotation.text()
            assert wanted is None or shape(row) == wanted, f"{tex}: {shape(row)}"
    page = read([message(part("text", "so \\(\\unheardof{x}\\) is"))])
    assert not list(page.all("math")) and page.one("code", class_="math").text() == "\\(\\unheardof{x}\\)"
    page = read([message(part("text", "\\(\\Gamma x \\mathrm{d} 12 \\sin \\mathbf{v}\\)"))])
    assert [(each.text(), each.attributes) for each in page.all("mi")] == [
        ("Γ", {"mathvariant": "normal"}), ("x", {}), ("d", {"mathvariant": "normal"}), ("sin", {}), ("v", {"class": "bold", "mathvariant": "normal"})]
    assert page.one("mn").text() == "12"
    print("ok 5 - formulas are MathML, each element with as many parts as it takes")


def depth_of(element):
    deepest = here = 0
    stack = [(element, 0)]
    while stack:
        element, here = stack.pop()
        deepest = max(deepest, here)
        stack += [(child, here + 1) for child in element.children if isinstance(child, Element)]
    return deepest


def large():
    began = time.process_time()
    for text in (">" * 5000 + " x", "*a **b " * 3000, "*" * 30000 + "a" + "*" * 30000, "[" * 20000 + "a" + "](https://e.example)" * 100, "- " * 3000 + "x",
                 "<div>" * 20000, "`" * 9999, "|a" * 500 + "|\n" + "|-" * 500 + "|\n" + "|b" * 500 + "|", "word <b>x</b> " * 20000):
        page = read([message(part("text", text))])
        assert depth_of(page) < 120, f"{depth_of(page)} levels of {text[:20]}"
        assert len(page.one("div", class_="said").text()) > 0
    chooser = random.Random(11)
    pieces = HOSTILE + LINKS + CODE + ["\n", "\n\n", "    ", "> ", "- ", "1. ", "*", "**", "_", "`", "```\n", "[", "](", ")", "|", "<", ">", "&", "$", "\\("]
    for _ in range(60):
        read([message(part("text", "".join(chooser.choice(pieces) for _ in range(60)).replace("\x00", "")))])
    print(f"ok 6 - what is deep, large or at random ({time.process_time() - began:.1f} s)")


# --- Pictures ---

def chunks(data):
    at, found = 8, []
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        found.append(kind)
        at += 12 + length
    return found


def pictures():
    chooser = random.Random(3)
    for width, height in ((1, 1), (2, 1), (1, 7), (200, 120), (33, 255)):
        smooth = bytes((x * 3 + y * 5 + c * 40) & 255 for y in range(height) for x in range(width) for c in range(3))
        noise = chooser.randbytes(len(smooth))
        for pixels in (smooth, noise, bytes(len(smooth))):
            data = base64.b64encode(bytes((width, height)) + pixels).decode()
            page = read([message(part("image", name="a & b.jpg", media_type="image/jpeg", data=data), role="user")])
            shown = page.one("figure").one("img").attributes
            file = base64.b64decode(shown["src"].partition(",")[2], validate=True)
            picture = Image.open(io.BytesIO(file))
            picture.load()
            assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (width, height))
            assert picture.tobytes() == pixels, f"other pixels of {width} × {height}"
            assert chunks(file) == [b"IHDR", b"IDAT", b"IEND"], chunks(file)
            assert (shown["width"], shown["height"], shown["alt"]) == (str(width), str(height), "a & b.jpg")
            assert page.one("figcaption").text() == "a & b.jpg"
            if pixels is smooth and width * height > 1000:
                assert len(file) < len(pixels) / 4, f"{len(file)} bytes of {len(pixels)}"
    unread = {"name": "broken.png", "media_type": "image/png"}
    page = read([message(part("image", data=base64.b64encode(b"no").decode(), **unread), part("image", **unread), role="user")])
    assert [note.text() for note in page.all("p", class_="note")] == 2 * ["Attached: broken.png"] and not list(page.all("img"))
    assert write([message(part("image", data=base64.b64encode(b"x").decode(), **unread))], status=1) == "Cancelled\n"
    print("ok 7 - pictures to the pixel, and nothing else of their files")


def main():
    print("1..7")
    reads()
    parts()
    hostile()
    links()
    formulas()
    large()
    pictures()


main()
