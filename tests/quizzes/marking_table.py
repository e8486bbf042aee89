"""Answers and the marks they must get, worked out by hand from the published rules of `docs/quizzes.md`.

Each row: why, the question, its points, what the learner answered, and the marks (None: a person has to say).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from studium.models import QuestionType
from studium.modules.quizzes.question_types.base import Answer, KeyQuestion

ID = "018f0000-0000-7000-8000-000000000001"


@dataclass(frozen=True)
class Row:
    why: str
    question: KeyQuestion
    answer: Answer | None
    marks: Decimal | None = field()


def _row(why: str, question: KeyQuestion, marks: str | None, **answer: Any) -> Row:  # noqa: ANN401 -- an answer's members.
    given = Answer(question_id=ID, **answer) if answer else None
    return Row(why, question, given, None if marks is None else Decimal(marks))


def choice(right: str, wrong: str, points: str, **metadata: object) -> KeyQuestion:
    """Options called by one letter each."""
    options = {"option_ids": tuple(right + wrong), "correct_ids": frozenset(right)}
    return _question(QuestionType.MULTIPLE_CHOICE, points, **options, metadata=metadata)


def truth(key: str, points: str) -> KeyQuestion:
    return _question(QuestionType.TRUE_FALSE, points, correct_answer=key)


def short(key: str, points: str = "1", **metadata: object) -> KeyQuestion:
    return _question(QuestionType.SHORT_ANSWER, points, correct_answer=key, metadata=metadata)


def essay(points: str) -> KeyQuestion:
    return _question(QuestionType.ESSAY, points)


def _question(kind: QuestionType, points: str, **fields: Any) -> KeyQuestion:  # noqa: ANN401 -- a question's members.
    return KeyQuestion(question_id=ID, question_type=kind, points=Decimal(points), **fields)


def _choices(rows: Sequence[tuple[str, KeyQuestion, str, str]]) -> list[Row]:
    return [_row(why, question, marks, selected_option_ids=tuple(chosen)) for why, question, chosen, marks in rows]


def _texts(rows: Sequence[tuple[str, KeyQuestion, str, str | None]]) -> list[Row]:
    return [_row(why, question, marks, answer_text=text) for why, question, text, marks in rows]


ONE = choice("a", "bcd", "2.5")
TWO = choice("ab", "cd", "4")
ALL = choice("abc", "", "3")
PART = choice("abc", "de", "3", scoring="partial")
THIRD = choice("abc", "d", "1", scoring="partial")
HALF = choice("ab", "cd", "0.01", scoring="partial")
SEVEN = choice("abcdefg", "h", "10", scoring="partial")
SOLE = choice("a", "bc", "5", scoring="partial")
NAMED = choice("ab", "c", "2", scoring="all_or_nothing")

CHOICES = _choices(
    [
        ("single: the right one", ONE, "a", "2.5"),
        ("single: a wrong one", ONE, "b", "0"),
        ("single: the last wrong one", ONE, "d", "0"),
        ("single: nothing chosen", ONE, "", "0"),
        ("several: all right ones", TWO, "ab", "4"),
        ("several: in another order", TWO, "ba", "4"),
        ("several: one of two", TWO, "a", "0"),
        ("several: the other of two", TWO, "b", "0"),
        ("several: all right and a wrong one", TWO, "abc", "0"),
        ("several: everything", TWO, "abcd", "0"),
        ("several: only wrong ones", TWO, "cd", "0"),
        ("several: one right, one wrong", TWO, "ac", "0"),
        ("several: nothing", TWO, "", "0"),
        ("all options are right: all", ALL, "cab", "3"),
        ("all options are right: two of three", ALL, "ab", "0"),
        ("partial: 3 of 3", PART, "abc", "3"),
        ("partial: 2 of 3", PART, "ab", "2"),
        ("partial: 1 of 3", PART, "c", "1"),
        ("partial: 3 right, 1 wrong = 2/3", PART, "abcd", "2"),
        ("partial: 3 right, 2 wrong = 1/3", PART, "abcde", "1"),
        ("partial: 2 right, 1 wrong = 1/3", PART, "abd", "1"),
        ("partial: 2 right, 2 wrong = 0", PART, "abde", "0"),
        ("partial: 1 right, 1 wrong = 0", PART, "ad", "0"),
        ("partial: 1 right, 2 wrong is not below 0", PART, "ade", "0"),
        ("partial: only wrong", PART, "de", "0"),
        ("partial: nothing", PART, "", "0"),
        ("partial: 1/3 of 1 point, half up", THIRD, "a", "0.33"),
        ("partial: 2/3 of 1 point, half up", THIRD, "ab", "0.67"),
        ("partial: (3-1)/3 of 1 point", THIRD, "abcd", "0.67"),
        ("partial: half of a hundredth is rounded up", HALF, "a", "0.01"),
        ("partial: the whole hundredth", HALF, "ab", "0.01"),
        ("partial: 1/7 of 10", SEVEN, "a", "1.43"),
        ("partial: 2/7 of 10", SEVEN, "ab", "2.86"),
        ("partial: 5/7 of 10", SEVEN, "abcde", "7.14"),
        ("partial: (7-1)/7 of 10", SEVEN, "abcdefgh", "8.57"),
        ("partial with one right option: right", SOLE, "a", "5"),
        ("partial with one right option: wrong", SOLE, "b", "0"),
        ("all or nothing by name: right", NAMED, "ab", "2"),
        ("all or nothing by name: half", NAMED, "a", "0"),
        ("the smallest question", choice("a", "b", "0.01"), "a", "0.01"),
        ("the largest question", choice("a", "b", "999.99"), "a", "999.99"),
    ]
)

TRUTHS = _texts(
    [
        ("true is true", truth("true", "1"), "true", "1"),
        ("false is not true", truth("true", "1"), "false", "0"),
        ("false is false", truth("false", "1.5"), "false", "1.5"),
        ("true is not false", truth("false", "1.5"), "true", "0"),
        ("capitals do not matter", truth("true", "1"), "TRUE", "1"),
        ("nor does a capital", truth("false", "1"), "False", "1"),
        ("nor do spaces around it", truth("true", "1"), "  true ", "1"),
        ("nor wide letters (NFKC)", truth("true", "1"), "\uff34\uff32\uff35\uff25", "1"),
        ("nothing said", truth("true", "1"), "", "0"),
        ("only a space said", truth("false", "1"), " ", "0"),
    ]
)

PARIS = short("Paris")
SEINE = short("Paris Seine|Lutetia", "2")
CAFE = short("caf\u00e9")
EXACT = short("New York|NYC", match="exact")
PI = short("3.14", match="numeric", tolerance=0.01)
HUNDRED = short("100", match="numeric")
KEYS = short("-2|2", match="numeric")

KEYWORDS = _texts(
    [
        ("the word alone", PARIS, "Paris", "1"),
        ("in small letters", PARIS, "paris", "1"),
        ("in a sentence", PARIS, "It is Paris, of course.", "1"),
        ("before a full stop", PARIS, "paris.", "1"),
        ("in quotation marks", PARIS, "\u201cParis\u201d", "1"),
        ("after an apostrophe", PARIS, "it's Paris", "1"),
        ("part of a longer word is no whole word", PARIS, "Parisian", "0"),
        ("nor at the end of one", PARIS, "comparis", "0"),
        ("a misspelling is another word", PARIS, "Pariss", "0"),
        ("another word", PARIS, "London", "0"),
        ("split by a hyphen it is a word", PARIS, "Paris-Nord", "1"),
        ("two words: both", SEINE, "Paris on the Seine", "2"),
        ("two words: in any order", SEINE, "the Seine flows through Paris", "2"),
        ("two words: one is missing", SEINE, "Paris", "0"),
        ("two words: the other is missing", SEINE, "Seine", "0"),
        ("the second alternative", SEINE, "LUTETIA", "2"),
        ("half of one and half of none", SEINE, "Seine Lutetian", "0"),
        ("both alternatives give no more", SEINE, "Lutetia is Paris on the Seine", "2"),
        ("an accent is kept", CAFE, "caf\u00e9", "1"),
        ("decomposed it is the same (NFKC)", CAFE, "cafe\u0301", "1"),
        ("in capitals too", CAFE, "CAF\u00c9", "1"),
        ("without the accent it is another word", CAFE, "cafe", "0"),
        ("sharp s folds to ss", short("Stra\u00dfe"), "STRASSE", "1"),
        ("and the other way round", short("strasse"), "Stra\u00dfe", "1"),
        ("final sigma is sigma", short("\u03c3\u03bf\u03c6\u03cc\u03c2"), "\u03a3\u039f\u03a6\u038c\u03a3", "1"),
        ("wide letters", PARIS, "\uff30\uff41\uff52\uff49\uff53", "1"),
        ("a ligature", short("office"), "o\ufb03ce", "1"),
        ("a superscript is its digit", short("x2"), "x\u00b2", "1"),
        ("a soft hyphen is not seen", PARIS, "Pa\u00adris", "1"),
        ("nor is a mark of direction", PARIS, "\u200eParis\u200f", "1"),
        (
            "an Arabic word",
            short("\u0627\u0644\u0642\u0627\u0647\u0631\u0629"),
            "\u0627\u0644\u0642\u0627\u0647\u0631\u0629",
            "1",
        ),
        (
            "in a sentence",
            short("\u0627\u0644\u0646\u064a\u0644"),
            "\u0646\u0647\u0631 \u0627\u0644\u0646\u064a\u0644",
            "1",
        ),
        (
            "an Arabic word without its article is another",
            short("\u0627\u0644\u0646\u064a\u0644"),
            "\u0646\u064a\u0644",
            "0",
        ),
        (
            "Hindi, with its vowel signs",
            short("\u0926\u093f\u0932\u094d\u0932\u0940"),
            "\u0926\u093f\u0932\u094d\u0932\u0940 \u0939\u0948",
            "1",
        ),
        ("Chinese stands anywhere", short("\u5317\u4eac"), "\u9996\u90fd\u662f\u5317\u4eac", "1"),
        ("another Chinese word", short("\u5317\u4eac"), "\u4e0a\u6d77", "0"),
        ("Japanese kana", short("\u3055\u304f\u3089"), "\u3053\u308c\u306f\u3055\u304f\u3089\u3067\u3059", "1"),
        (
            "Cyrillic, any case",
            short("\u041c\u043e\u0441\u043a\u0432\u0430"),
            "\u041c\u041e\u0421\u041a\u0412\u0410",
            "1",
        ),
        ("C is not C++", short("C"), "C++", "0"),
        ("C++ is not C", short("C++"), "C", "0"),
        ("C++ is C++", short("C++"), "I like C++.", "1"),
        ("C# is C#", short("C#|csharp"), "c#", "1"),
        ("a plus between words separates them", short("salt"), "salt+pepper", "1"),
        ("a number is a word", short("1789"), "in 1789", "1"),
        ("not within a longer number", short("1789"), "17890", "0"),
        ("a word given twice counts once", short("so so"), "so", "1"),
        ("empty alternatives do not count", short("|Paris|"), "no", "0"),
        ("spaces around alternatives do not count", short(" Rome | Paris "), "paris", "1"),
        ("200 characters are read", PARIS, "Paris " + "x" * 194, "1"),
        ("201 are a list of guesses", PARIS, "Paris " + "x" * 195, "0"),
        ("nothing", PARIS, "", "0"),
        ("only spaces", PARIS, "   ", "0"),
        ("only signs", PARIS, "?!", "0"),
    ]
)

EXACTS = _texts(
    [
        ("exact", EXACT, "New York", "1"),
        ("exact but for case", EXACT, "new YORK", "1"),
        ("exact but for spaces", EXACT, "  New \t York\n", "1"),
        ("exact with a hard space (NFKC)", EXACT, "New\u00a0York", "1"),
        ("the other alternative", EXACT, "nyc", "1"),
        ("a word more", EXACT, "New York City", "0"),
        ("a full stop more", EXACT, "New York.", "0"),
        ("without its space", EXACT, "NewYork", "0"),
        ("alternatives are not joined", EXACT, "New York|NYC", "0"),
        ("accents are kept", short("na\u00efve", match="exact"), "naive", "0"),
        ("composed or not", short("na\u00efve", match="exact"), "NAI\u0308VE", "1"),
        ("signs count", short("a = b", match="exact"), "a = b", "1"),
        ("and their lack", short("a = b", match="exact"), "a b", "0"),
        ("nothing", EXACT, "", "0"),
    ]
)

NUMBERS = _texts(
    [
        ("the number", PI, "3.14", "1"),
        ("at the upper bound", PI, "3.15", "1"),
        ("at the lower bound", PI, "3.13", "1"),
        ("just above", PI, "3.1501", "0"),
        ("just below", PI, "3.1299", "0"),
        ("more places within", PI, "3.14159", "1"),
        ("with spaces around", PI, " 3.14 ", "1"),
        ("with a plus", PI, "+3.14", "1"),
        ("the other sign", PI, "-3.14", "0"),
        ("with an exponent", PI, "314e-2", "1"),
        ("in wide digits", PI, "\uff13.\uff11\uff14", "1"),
        ("in Arabic digits with their sign", PI, "\u0663\u066b\u0661\u0664", "1"),
        ("with a comma: nobody knows what it means", PI, "3,14", "0"),
        ("with a unit it is no number", PI, "3.14 m", "0"),
        ("in words", PI, "three", "0"),
        ("nothing", PI, "", "0"),
        ("exactly, without tolerance", HUNDRED, "100", "1"),
        ("the same number", HUNDRED, "100.00", "1"),
        ("the same number with an exponent", HUNDRED, "1E2", "1"),
        ("nearly is not enough", HUNDRED, "100.0000000001", "0"),
        ("no thousands", HUNDRED, "1_00", "0"),
        ("infinity is no number", HUNDRED, "Infinity", "0"),
        ("nor is NaN", HUNDRED, "NaN", "0"),
        ("nor is what no computer holds", HUNDRED, "1e999999999", "0"),
        ("one alternative", KEYS, "2", "1"),
        ("the other", KEYS, "-2", "1"),
        ("with a typeset minus", KEYS, "\u22122", "1"),
        ("between the two", KEYS, "0", "0"),
        ("a tenth, exactly", short("0.3", match="numeric", tolerance=0.1), "0.2", "1"),
        ("a tolerance written as text", short("10", match="numeric", tolerance="0.5"), "10.5", "1"),
        ("leading point", short("0.5", match="numeric"), ".5", "1"),
        ("a leading zero", short("7", match="numeric"), "007", "1"),
        ("minus nothing is nothing", short("0", match="numeric"), "-0", "1"),
    ]
)

ESSAYS = [
    *_texts(
        [
            ("an essay waits for a person", essay("10"), "Because.", None),
            ("also a long one", essay("10"), "word " * 3_000, None),
            ("an empty one is nothing", essay("10"), "", "0"),
            ("nor are spaces", essay("10"), " \n ", "0"),
        ]
    ),
    _row("not answered at all: choice", ONE, "0"),
    _row("not answered at all: truth", truth("true", "1"), "0"),
    _row("not answered at all: short", PARIS, "0"),
    _row("not answered at all: essay", essay("10"), "0"),
]

_MINUS = short("-5", match="numeric")
_EXACTLY = {"match": "exact_typography"}

TYPED = _texts(
    [
        *(
            (f"{answer} for {key} by {match}", short(key, match=match), answer, points)
            for match in ("exact", "keywords")
            for key, answer, points in (
                ("10\u00b3", "10^3", "1"),
                ("10\u00b3", "103", "0"),
                ("10^(-3)", "10\u207b\u00b3", "1"),
                ("10\u207b\u00b3", "10\u00b3", "0"),
                ("x\u2081", "x_1", "1"),
                ("x\u2081", "X_{1}", "1"),
                ("x\u2081", "x\u00b9", "0"),
                ("x\u2081", "x1", "0"),
                ("H\u2082O", "h_2o", "1"),
                ("1\u1d49\u02b3", "1er", "1"),
                ("C++", "c", "0"),
                ("103", "10\u00b3", "1"),
            )
        ),
        ("a part of a name with a low line", short("var"), "call it my_var", "1"),
        ("a power is no number", short("103", match="numeric"), "10\u00b3", "0"),
        ("a typographic apostrophe", short("l'eau", match="exact"), "l\u2019eau", "1"),
        ("the other way round", short("l\u2019eau", match="exact"), "L'EAU", "1"),
        ("a letter that looks like an apostrophe", short("o'zbek", match="exact"), "o\u02bbzbek", "1"),
        ("an accent typed for an apostrophe", short("l'eau", match="exact"), "l\u00b4eau", "1"),
        ("an apostrophe in a keyword", short("l'eau"), "c'est de l\u2019eau", "1"),
        ("a modifier letter in a keyword", short("don't"), "i don\u02bct", "1"),
        ("typographic quotes", short('"x"', match="exact"), "\u201cx\u201d", "1"),
        ("German quotes", short('"x"', match="exact"), "\u201ex\u201c", "1"),
        ("French quotes", short('"x"', match="exact"), "\u00ab\u202fx\u00a0\u00bb", "1"),
        ("single quotes", short("'x'", match="exact"), "\u2018x\u2019", "1"),
        ("inches", short('5"', match="exact"), "5\u2033", "1"),
        ("a quote is no apostrophe", short('"x"', match="exact"), "'x'", "0"),
        *(
            (f"dash U+{ord(dash):04X}", question, text.replace("-", dash), "1")
            for dash in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\uff0d\ufe63"
            for question, text in ((_MINUS, "-5"), (short("1914-1918", match="exact"), "1914-1918"))
        ),
        ("two hyphens are not one", short("i--", match="exact"), "i-", "0"),
        ("exact typography: the sign itself", short("l\u2019eau", **_EXACTLY), "L\u2019EAU", "1"),
        ("exact typography: another sign", short("l\u2019eau", **_EXACTLY), "l'eau", "0"),
        ("exact typography: a dash", short("a\u2013b|c", **_EXACTLY), "a\u2013b", "1"),
        ("exact typography: a hyphen", short("a\u2013b|c", **_EXACTLY), "a-b", "0"),
        ("a Turkish capital", short("izmir", match="exact"), "\u0130ZM\u0130R", "1"),
        ("Turkish letters in capitals", short("k\u0131rm\u0131z\u0131", match="exact"), "KIRMIZI", "1"),
        ("a German capital", short("Stra\u00dfe", match="exact"), "STRASSE", "1"),
        ("a sharp capital", short("Stra\u00dfe", match="exact"), "STRA\u1e9eE", "1"),
        (
            "a final sigma",
            short("\u03bb\u03cc\u03b3\u03bf\u03c2", match="exact"),
            "\u039b\u038c\u0393\u039f\u03a3",
            "1",
        ),
        ("spaces around", short("x", match="exact"), "\u00a0 x\u2003\n", "1"),
        ("a pile of marks is no letter", short("a", match="exact"), "a" + "\u0301" * 400, "0"),
    ]
)

TABLE = [*CHOICES, *TRUTHS, *KEYWORDS, *EXACTS, *NUMBERS, *TYPED, *ESSAYS]
