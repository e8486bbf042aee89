"""What breaks callers between two API documents: they may send what they sent, and read what they read."""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")


def breaking(old: Json, new: Json) -> Iterator[tuple[str, str]]:
    """Each change that breaks somebody: the operation of the old document, and what has become of it."""
    for path, operations in old["paths"].items():
        for method, before in operations.items():
            after = new["paths"].get(path, {}).get(method)
            name = before["operationId"]
            if after is None:
                yield name, "is gone"
                continue
            if after["operationId"] != name:
                yield name, f"is called {after['operationId']}"
            for what in _Comparison(old, new).operation(before, after):
                yield name, what


class _Comparison:
    """Two documents, and the pairs of schemas that are being compared: some hold themselves."""

    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self.open: set[tuple[str, str, bool]] = set()

    def operation(self, before: Json, after: Json) -> Iterator[str]:
        yield from self._parameters(before, after)
        yield from self._body(before, after)
        if [] in (before["security"], *map(list, before["security"])) and after["security"] not in (
            [],
            before["security"],
        ):
            yield "needs a log-in"
        for status, answer in before["responses"].items():
            if status[0] != "2":
                continue
            found = after["responses"].get(status)
            if found is None:
                yield f"answers no {status} any more"
                continue
            for media, content in _at(self.old, answer).get("content", {}).items():
                there = _at(self.new, found).get("content", {}).get(media)
                if there is None:
                    yield f"{status} is not {media} any more"
                else:
                    yield from self.schemas(content.get("schema", {}), there.get("schema", {}), f"{status}", sent=False)

    def _parameters(self, before: Json, after: Json) -> Iterator[str]:
        olds = {(each["in"], each["name"]): each for each in before.get("parameters", ())}
        news = {(each["in"], each["name"]): each for each in after.get("parameters", ())}
        for key, parameter in olds.items():
            if key not in news:
                yield f"does not take {key[1]} any more"
            else:
                yield from self.schemas(parameter["schema"], news[key]["schema"], key[1], sent=True)
        for key, parameter in news.items():
            if parameter.get("required") and not olds.get(key, {}).get("required"):
                yield f"needs {key[1]}"

    def _body(self, before: Json, after: Json) -> Iterator[str]:
        olds, news = before.get("requestBody", {}), after.get("requestBody", {})
        if news.get("required") and not olds.get("required"):
            yield "needs a body"
        for media, content in olds.get("content", {}).items():
            if media not in news.get("content", {}):
                yield f"does not take {media} any more"
            else:
                yield from self.schemas(content["schema"], news["content"][media]["schema"], "body", sent=True)

    def schemas(self, old: Json, new: Json, place: str, *, sent: bool) -> Iterator[str]:
        """What breaks in a schema of something that callers send, or else read."""
        pair = str(old.get("$ref")), str(new.get("$ref")), sent
        if pair in self.open and pair[:2] != ("None", "None"):
            return
        self.open.add(pair)
        old, new = _at(self.old, old), _at(self.new, new)
        yield from self._values(old, new, place, sent=sent)
        yield from self._members(old, new, place, sent=sent)
        if "items" in old and "items" in new:
            yield from self.schemas(old["items"], new["items"], f"{place}[]", sent=sent)
        olds, news = old.get("anyOf", []), new.get("anyOf", [])
        if len(olds) == len(news):
            for one, other in zip(olds, news, strict=True):
                yield from self.schemas(one, other, place, sent=sent)
        elif (len(news) < len(olds)) == sent:
            yield f"{place} may be of {'fewer' if sent else 'more'} kinds"

    def _values(self, old: Json, new: Json, place: str, *, sent: bool) -> Iterator[str]:
        if old.get("type") != new.get("type") or old.get("format") != new.get("format"):
            yield f"{place} is of another type"
        if sent and "enum" in new and set(old.get("enum", [object()])) - set(new["enum"]):
            yield f"{place} takes fewer values"
        if sent and any(key in new and new[key] > old.get(key, float("-inf")) for key in _LOWER):
            yield f"{place} has a higher least"
        if sent and any(key in new and new[key] < old.get(key, float("inf")) for key in _UPPER):
            yield f"{place} has a lower most"

    def _members(self, old: Json, new: Json, place: str, *, sent: bool) -> Iterator[str]:
        olds, news = old.get("properties", {}), new.get("properties", {})
        for name, member in olds.items():
            if name not in news:
                yield f"{place}/{name} is gone"
            else:
                yield from self.schemas(member, news[name], f"{place}/{name}", sent=sent)
        before, after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(after - before if sent else (before - after) & set(news)):
            yield f"{place}/{name} is {'needed' if sent else 'not always there'}"


def _at(document: Json, node: Json) -> Json:
    """What a node stands for."""
    if "$ref" not in node:
        return node
    found: Json = document
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found
