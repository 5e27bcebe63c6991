"""What is written about the keys of the configuration, from their declarations (daemon/configuration/keys.hpp).

    keys.py DECLARED_KEYS

Run in the root of the sources, with the program that prints the declarations. Fails, and says where, when the JSON Schema,
the tables of docs/configuration.md, the key lists of gravitee-renewd.yaml(5) or the options of config/config.yaml differ
from them; with RENEWD_REWRITE_GOLDEN=1 it writes them first, and fails all the same.
"""

import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import yaml

import key_schema

WIDTH = 120
ONE_OF_THESE = "one of these"
# What the example has active: the smallest useful configuration.
ACTIVE = {"name", "account_url", "token", "keystore", "keystore.path", "keystore.password", "gateway", "gateway.systemd",
          "gateway.systemd.unit"}


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


def enumerated(words, conjunction="or"):
    return f" {conjunction} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def sentences(key):
    """What a key is, with its words and bounds."""
    text = key["about"]
    if key["kind"] == "choice":
        text = enumerated([f"`{word}`" for word in key["words"]]) + ". " + text
    elif key["kind"] == "count":
        text += f" From {key['from']} to {key['to']}."
    elif key["kind"] == "duration" and key["at_least"] not in ("0s", "1s"):
        text += f" At least `{key['at_least']}`."
    return text


def leaves(keys, prefix=""):
    """The keys that hold no further keys, by their full names; those of a certificate have no prefix."""
    for key in keys:
        if key["kind"] == "list":
            yield from leaves(key["keys"])
        elif key["kind"] == "map":
            yield from leaves(key["keys"], f"{prefix}{key['name']}.")
        else:
            yield prefix + key["name"], key


def selected(declared, what):
    """The keys that a mark asks for: "certificates[]", "window", "secret", or names of the top level."""
    if what in ("window", "secret"):
        return list(leaves(declared[what]))
    names = ["certificates"] if what == "certificates[]" else what.split()
    return list(leaves([key for key in declared["file"] if key["name"] in names]))


def table(keys):
    yield "| key | default | example | what it is |"
    yield "|---|---|---|---|"
    for name, key in keys:
        given = f"`{text_of(key['default'])}`" if "default" in key else key["without"]
        yield f"| `{name}` | {given} | `{key['example']}` | {sentences(key)} |"


def man_list(keys, all_names):
    def marked(match):
        literal = re.sub(r"([\\*_])", r"\\\1", match[1])
        return f"*{match[1]}*" if match[1] in all_names else f"_{literal}_"

    for name, key in keys:
        without = key["without"]
        if "default" in key:
            given = f" By default `{text_of(key['default'])}`."
        elif without == ONE_OF_THESE:
            alternatives = [f"`{other}`" for other, its in keys if its["without"] == ONE_OF_THESE
                            and other.rpartition(".")[0] == name.rpartition(".")[0]]
            given = f" Required: {enumerated(alternatives)}." if len(alternatives) > 1 else ""
        else:
            given = f" {without[0].upper()}{without[1:]}." if without.startswith("required") else \
                "" if without == "none" else f" By default {without}."
        yield f"*{name}*"
        text = re.sub(r"`([^`]*)`", marked, sentences(key) + given)
        yield from textwrap.wrap(text, WIDTH - 4, initial_indent="\t", subsequent_indent="\t", break_on_hyphens=False)
        yield ""


def comment(text, indent):
    return textwrap.wrap(text, WIDTH, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ", break_on_hyphens=False)


def options(keys, prefix="", indent=""):
    """The lines of config.yaml for these keys: what is not active is commented out, with its default or an example."""
    has_alternative = False
    for key in keys:
        name = prefix + key["name"]
        if key["without"] == ONE_OF_THESE:
            if has_alternative:
                written = f"`{key['name']}: {key['example']}`" if key["example"] else f"`{key['name']}`, as in an example below"
                yield from comment(f"Or {written}. {key['about']}", indent)
                continue
            has_alternative = True
        mark = "" if name in ACTIVE else "#"
        is_example = mark and key["kind"] != "map" and "default" not in key
        yield from comment(("Example. " if is_example else "") + sentences(key), indent)
        if key["kind"] == "map":
            yield f"{mark}{indent}{key['name']}:"
            yield from options(key["keys"], name + ".", indent + "  ")
        else:
            yield f"{mark}{indent}{key['name']}: {text_of(key.get('default', key['example']))}"


def example(text, declared):
    """config.yaml: its head and the further certificates are written by hand, the rest is not."""
    parts = re.fullmatch(r"(.*?\ncertificates:\n)(.*?\n)\n(# Example: .*?\n)\n(?!# Example: )(.*)", text, re.S)
    head, _, by_hand, _ = parts.groups()
    (certificates,) = (key for key in declared["file"] if key["kind"] == "list")
    first = list(options(certificates["keys"], indent="    "))
    at = next(i for i, line in enumerate(first) if line.startswith("    name:"))
    first[at] = "  - " + first[at].lstrip()
    rest = []
    for key in declared["file"]:
        if key is not certificates:
            rest += ["", *options([key])]
    return head + "\n".join(first) + "\n\n" + by_hand + "\n".join(rest) + "\n"


def between_marks(text, begin, end, render, seen):
    def replaced(match):
        seen.append(match[2])
        return match[1] + "\n".join(render(match[2])) + "\n" + match[3]

    return re.sub(rf"(^{begin}(.*?){'-->' if begin.startswith('<') else ''}\n).*?(^{end}\n)", replaced, text,
                  flags=re.M | re.S)


def documents(declared):
    """Each document with what it must be."""
    names = {name for name, _ in leaves(declared["file"])}
    texts = {name: pathlib.Path(name).read_text() for name in
             ("docs/configuration.md", "docs/man/gravitee-renewd.yaml.5.scd", "config/config.yaml")}
    seen = {name: [] for name in texts}
    made = {
        "config/config.schema.json": key_schema.schema(declared),
        "config/config.yaml": example(texts["config/config.yaml"], declared),
        "docs/configuration.md": between_marks(
            texts["docs/configuration.md"], "<!-- keys: ", "<!-- end of keys -->",
            lambda what: table(selected(declared, what.strip())), seen["docs/configuration.md"]),
        "docs/man/gravitee-renewd.yaml.5.scd": between_marks(
            texts["docs/man/gravitee-renewd.yaml.5.scd"], "; keys: ", "; end of keys",
            lambda what: man_list(selected(declared, what.strip()), names),
            seen["docs/man/gravitee-renewd.yaml.5.scd"]),
    }
    wrong = []
    for name, marks in seen.items():
        shown = {key for what in marks for key, _ in selected(declared, what.strip())}
        if marks and not names <= shown:
            wrong.append(f"{name}: no mark asks for {', '.join(sorted(names - shown))}")
    return made, wrong


def main(program):
    declared = json.loads(subprocess.run([program], capture_output=True, text=True, check=True).stdout)
    made, wrong = documents(declared)
    for name, text in made.items():
        path = pathlib.Path(name)
        before = path.read_text()
        if text != before:
            wrong += difflib.unified_diff(before.splitlines(), text.splitlines(), name, "as declared", lineterm="", n=1)
            if os.environ.get("RENEWD_REWRITE_GOLDEN") == "1":
                path.write_text(text)
    for name, key in leaves(declared["file"]):
        if not key["about"].endswith((".", ".)")) or yaml.safe_load(key["example"]) is None:
            wrong.append(f"{name}: no sentence, or no example")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
