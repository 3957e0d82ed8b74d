"""Every document that differs from a given one in one place."""

import copy
import json


def bent(bundle: dict):
    """Pairs of a word on how, and the document: an object, or text that is no such object."""

    def places(value, path=()):
        yield path
        if isinstance(value, dict):
            for key in value:
                yield from places(value[key], (*path, key))
        elif isinstance(value, list):
            for n in range(len(value)):
                yield from places(value[n], (*path, n))

    def at(root, path):
        for part in path:
            root = root[part]
        return root

    for path in places(bundle):
        if not path:
            continue
        value = at(bundle, path)
        shown = "/".join(map(str, path))

        def with_(new, how):
            changed = copy.deepcopy(bundle)
            at(changed, path[:-1])[path[-1]] = new
            return f"{how} {shown}", changed

        changed = copy.deepcopy(bundle)
        del at(changed, path[:-1])[path[-1]]
        yield f"without {shown}", changed
        yield with_(None, "null")
        if isinstance(value, dict):
            yield with_({}, "empty")
            yield with_({**value, "unknown": "x"}, "unknown field in")
        elif isinstance(value, list):
            yield with_([], "empty")
            yield with_(value + value, "doubled")
        elif isinstance(value, str):
            yield with_("", "empty")
            yield with_(value + " ", "space after")
            yield with_(value[:-8], "cut")
            yield with_(value.replace("a", "b", 1) if "a" in value else "a" + value, "letter changed in")
            yield with_([value], "list for")
            if value.lstrip("-").isdigit():
                yield with_(str(int(value) + 1), "one more")
                yield with_(str(-int(value) - 1), "negative")
                yield with_(int(value), "number for")
    text = json.dumps(bundle)
    for name, new in {
        "key twice": text[:-1] + ', "mediaType": "x"}', "mark": "\ufeff" + text, "text after": text + "x",
        "list around": f"[{text}]", "nothing": "", "null": "null",
    }.items():
        yield name, new
