"""The JSON Schema of the configuration, from the declarations of its keys. What a kind of value looks like is here, and
those rules between keys that a schema can express."""

import json

import yaml

PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
LOOPBACK = rf"http://(localhost|127(\.[0-9]{{1,3}}){{3}}|\[::1\])(:{PORT})?"
SIGNALS = ("HUP|INT|QUIT|ILL|TRAP|ABRT|BUS|FPE|KILL|USR1|SEGV|USR2|PIPE|ALRM|TERM|STKFLT|CHLD|CONT|STOP|TSTP|TTIN|TTOU|URG|"
           "XCPU|XFSZ|VTALRM|PROF|WINCH|POLL|PWR|SYS")
UNIT = {"type": "string", "maxLength": 255, "pattern": r"^[A-Za-z0-9:_.\\@-]+\.service$"}
WIDTH = 120


def text(pattern=None):
    return {"type": "string", "pattern": pattern} if pattern else {"type": "string", "minLength": 1}


KINDS = {
    "duration": lambda key: text(r"^(0|[1-9][0-9]*)[smhd]$" if key["at_least"] == "0s" else r"^[1-9][0-9]*[smhd]$"),
    "renew_before": lambda _: text(r"^([1-9][0-9]*[smhd]|(?!0(\.0*)?%)(0|[1-9][0-9]?)(\.[0-9]*)?%)$"),
    "count": lambda key: {"type": "integer", "minimum": key["from"], "maximum": key["to"]},
    "flag": lambda _: {"type": "boolean"},
    "time": lambda key: text(r"^(([01][0-9]|2[0-3]):[0-5][0-9]" + ("|24:00)$" if key["latest"] == "24:00" else ")$")),
    "choice": lambda key: {"enum": key["words"]},
    "path": lambda _: text("^/"),
    "text": lambda _: text(),
    "name": lambda _: text("^[a-z0-9-]{1,64}$"),
    "account_url": lambda _: text(r"^(?!.*/(accounts|\.|\.\.|certificate|renewcert)/*$)"
                                  rf"(https://[^/?#@%\s]+|{LOOPBACK})(/[^/?#\s]*)*/[A-Za-z0-9._-]+/*$"),
    "probe_url": lambda _: text(rf"^(https://[^/?#@%\s]+|{LOOPBACK})([/?][^#\s]*)?$"),
    "user_name": lambda _: text("^[^:]+$"),
    "credential": lambda _: text("^[^/]+$") | {"not": {"enum": [".", ".."]}},
    "variable": lambda _: text("^[^=]+$"),
    "unit": lambda _: UNIT,
    "units": lambda _: {"type": "array", "minItems": 1, "items": UNIT},
    "command": lambda _: {"type": "array", "minItems": 1, "items": [text("^/")], "additionalItems": {"type": "string"}},
    "endpoints": lambda _: {"type": "array", "minItems": 1, "items": text(
        rf"^(https://(\[[0-9A-Fa-f:.]+\]|[^/?#@:%\s\[\]]+):{PORT}|{LOOPBACK[:-1]})/?$")},
    "etcd_prefix": lambda _: text(r"^(/[A-Za-z0-9._-]+)+/*$") | {"maxLength": 200},
    "host_name": lambda _: text(r"^[^/\x00-\x1F\x7F]{1,255}$"),
    "signal": lambda _: {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 64},
                                   text(rf"^((SIG)?({SIGNALS})|[1-9]|[1-5][0-9]|6[0-4])$")]},
    "secret": lambda _: {"$ref": "#/definitions/secret"},
    "pattern": lambda _: text(),
    "proxy": lambda _: text(r"^(?!.*%3[Aa].*@)http://([^/?#@:\s]+@)?(\[[0-9A-Fa-f:.]+\]|[^/?#@:%\s\[\]]+):" + PORT + "/?$"),
    "listen": lambda _: text(r"^(unix:/.{0,106}|(localhost|[0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):" + PORT + ")$"),
    "days": lambda _: {"type": "array", "minItems": 1, "uniqueItems": True,
                       "items": {"enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]}},
    "time_zone": lambda _: text(),
    "windows": lambda _: {"type": "array", "minItems": 1, "maxItems": 100, "items": {"$ref": "#/definitions/window"}},
    "empty": lambda _: {"type": "object", "maxProperties": 0},
}

# Between the keys of a map, by its full name.
MAP_RULES = {
    "http": {"dependencies": {"proxy_password": {"required": ["proxy"], "properties": {"proxy": {"pattern": "@"}}}}},
    "metrics": {"if": {"required": ["allow_remote"], "properties": {"allow_remote": {"const": True}}},
                "else": {"properties": {"listen": {"pattern": r"^(unix:|(localhost|127(\.[0-9]{1,3}){3}|\[::1\]):)"}}}},
    "certificates[]": {"if": {"required": ["renew"], "properties": {"renew": {"const": "never"}}},
                       "else": {"required": ["account_url", "token"]}},
    "fleet.etcd": {"dependencies": {"cert_file": ["key_file"], "key_file": ["cert_file"],
                                    "username": ["password"], "password": ["username"]}},
    "gateway.verify.http": {"dependencies": {"username": ["password"], "password": ["username"]}},
    "gateway.verify.log": {"anyOf": [{"required": ["ready"]}, {"required": ["failed"]}]},
}
# Of one key, besides what its kind says.
KEY_RULES = {"metrics.textfile": {"pattern": r"^/(.*/)?[^/]+\.prom$"}}


def map_schema(keys, name=""):
    of_map = {"type": "object", "additionalProperties": False}
    prefix = "" if name in ("", "certificates[]") else name + "."
    required = [key["name"] for key in keys if key["without"] == "required"]
    if required:
        of_map["required"] = required
    of_map["properties"] = {key["name"]: key_schema(key, prefix + key["name"]) for key in keys}
    alternatives = [{"required": [key["name"]]} for key in keys if key["without"] == "one of these"]
    if alternatives:
        of_map["oneOf"] = alternatives
    return of_map | MAP_RULES.get(name, {})


def key_schema(key, name):
    described = {"description": key["about"]}
    if key["kind"] == "list":
        return described | {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/certificate"}}
    if key["kind"] == "map":
        return described | map_schema(key["keys"], name)
    described |= KINDS[key["kind"]](key) | KEY_RULES.get(name, {})
    if "default" in key:
        described["default"] = key["default"]
    if key["kind"] not in ("flag", "empty"):
        described["examples"] = [yaml.safe_load(key["example"])]
    return described


def formatted(value, indent=""):
    """As people write JSON: on one line what fits there."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(indent) + len(line) < WIDTH - 24:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(key)}: {formatted(part, inner)}" for key, part in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + formatted(part, inner) for part in value) + f"\n{indent}]"


def schema(declared):
    (certificates,) = (key for key in declared["file"] if key["kind"] == "list")
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "gravitee-renewd",
        "description": "The configuration of gravitee-renewd. Editors know less of it than `gravitee-renewd validate`.",
    } | map_schema(declared["file"])
    whole["definitions"] = {
        "certificate": {"description": "A certificate that is watched and renewed."}
                       | map_schema(certificates["keys"], "certificates[]"),
        "window": {"description": "A span of the week."} | map_schema(declared["window"]),
        "secret": {"description": "Where a secret is: exactly one of these. It is read again at each use."}
                  | map_schema(declared["secret"]),
    }
    return formatted(whole) + "\n"
