"""Materials that are small and take very much to read: each grows in another way."""

from io import BytesIO
from secrets import token_hex
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile
from zlib import compress

from studium.modules.files.archives import MAX_RATIO

_COURSE = (
    '<course url_name="c" org="o" course="c"><chapter url_name="a"><sequential url_name="s"><vertical url_name="v">{}'
    "</vertical></sequential></chapter></course>"
)


def named_often() -> bytes:
    """One page of some hundred kilobytes, named ten thousand times."""
    page = "<p>" + "word <b>x</b> " * 20_000 + "</p>"
    return _course('<html url_name="p"/>' * 10_000, ("html/p.xml", '<html filename="p"/>'), ("html/p.html", page))


def many_responses() -> bytes:
    """One problem with a hundred thousand responses, as often as a lesson holds it."""
    response = "<p>1 + 1?</p><numericalresponse answer='2'><formulaequationinput/></numericalresponse>"
    problem = f"<problem>{response * 100_000}</problem>"
    return _course('<problem url_name="q"/>' * 500, ("problem/q.xml", problem))


def nested_deep() -> bytes:
    """Pages of lists in quotations in lists, on every level of which the text is worked over again."""
    deep = "<blockquote><ul><li>" * 60 + "x <i>y</i> " * 60_000 + "</li></ul></blockquote>" * 60
    pages = [(f"html/p{number}.html", deep) for number in range(60)]
    names = "".join(f'<html url_name="p{number}" filename="p{number}"/>' for number in range(60))
    return _course(names, *pages)


def bomb() -> bytes:
    """As much as an archive may declare, in files that are wanted."""
    zeros = "<p>" + "".join(token_hex(4) + " 0" * 200 for _ in range(10_000)) + "</p>"
    pages = [(f"html/p{number}.html", zeros) for number in range(60)]
    return _course("".join(f'<html url_name="p{number}" filename="p{number}"/>' for number in range(60)), *pages)


ALL = {"named_often": named_often, "many_responses": many_responses, "nested_deep": nested_deep, "bomb": bomb}


def _course(vertical: str, *files: tuple[str, str]) -> bytes:
    """An archive whose files are pressed as far as archives of strangers may be, and no further."""
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        archive.writestr("course.xml", _COURSE.format(vertical))
        for name, text in files:
            is_honest = len(text) < MAX_RATIO * len(compress(text.encode()))
            archive.writestr(name, text, ZIP_DEFLATED if is_honest else ZIP_STORED)
    return whole.getvalue()
