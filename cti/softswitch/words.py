"""FreeSWITCH's way of splitting arguments: quotes, backslashes, ``^^`` (switch_utils.c, switch_separate_string)."""


def split(text: str, delimiter: str, most: int = 0) -> list[str]:
    """The parts of `text`; with `most` the last part is the rest. Quotes and escapes are undone."""
    if text.startswith("^^") and len(text) > 3:
        delimiter, text = text[2], text[3:]
    parts: list[str] = []
    part: list[str] = []
    quoted = escaped = False
    for at, character in enumerate(text):
        if escaped:
            escaped = False
            part.append(character)
        elif character == "\\" and at + 1 < len(text):
            escaped = True
            if text[at + 1] not in f"'\"\\{delimiter}":
                part.append(character)
        elif character == "'" and (quoted or "'" in text[at + 1 :]):
            quoted = not quoted
        elif character == delimiter and not quoted and (not most or len(parts) < most - 1):
            if delimiter != " " or part:
                parts.append("".join(part).strip())
            part = []
        else:
            part.append(character)
    last = "".join(part).strip()
    return [*parts, last] if last or delimiter != " " else parts


def brackets(text: str, pair: str = "{}") -> tuple[dict[str, str], str]:
    """The variables of a leading ``{a=b,c=d}`` (``pair`` is the two brackets) and what follows it."""
    variables: dict[str, str] = {}
    while text.startswith(pair[0]):
        depth = end = 0
        for at, character in enumerate(text):
            depth += (character == pair[0]) - (character == pair[1])
            if depth == 0:
                end = at
                break
        if not end:
            return variables, text
        for item in split(text[1:end], ","):
            name, equals, value = item.partition("=")
            if equals:
                variables[name.strip()] = value.strip()
        text = text[end + 1 :].lstrip()
    return variables, text
