"""The report of an import in the words of the page. The API says it in English; what is not known here stays so."""

import re
from dataclasses import dataclass

from studium.web.translations import Translations

_QUIZ = re.compile(r"quiz with (\d{1,4}) questions")
_PARTS = "; "


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that the report says; what is not translated is in English."""

    text: str
    is_english: bool = False


def _(sentence: str) -> str:
    """Mark a sentence of the importers as one to translate."""
    return sentence


_KNOWN = frozenset(
    {
        _("course"),
        _("file"),
        _("question"),
        _("lesson"),
        _("quiz"),
        _("category"),
        _("link or picture"),
        _("rest of the file"),
        _("settings"),
        _("passing scores"),
        _("description of the course"),
        _("inclusion"),
        _("lesson (text)"),
        _("lesson (video)"),
        _("lesson (quiz)"),
        _("lesson (assignment)"),
        _("multiple choice question"),
        _("true false question"),
        _("short answer question"),
        _("essay question"),
        _("question (multiple_choice)"),
        _("question (true_false)"),
        _("question (short_answer)"),
        _("question (essay)"),
        _("course kept"),
        _("lesson kept"),
        _("quiz kept"),
        _("question kept"),
        _("order kept"),
        _("course changed"),
        _("lesson changed"),
        _("quiz changed"),
        _("question changed"),
        _("lesson removed"),
        _("question removed"),
        _("lesson stays removed"),
        _("question stays removed"),
        _("there is no question in it"),
        _("the lessons were put into another order here; the source has its own"),
        _("the questions were put into another order here; the source has its own"),
        _("it was removed here; the source still has it, but shows it nowhere"),
        _("a link or picture whose address means nothing here is left out"),
        _("a picture without an address is left out"),
        _("a picture that is damaged is left out"),
        _("a picture or file in the notes for graders is left out"),
        _("bold or slanted words of whole paragraphs are shown plain"),
        _("capital and small letters are the same"),
        _("control characters are left out"),
        _("each right option alone earned full marks; now all of them are to be selected"),
        _("its hints were left out"),
        _("its options are not shuffled, as some have a fixed place"),
        _("its problems do not count, so they are a practice quiz"),
        _("its problems may be tried differently often, so the least counts for all"),
        _("its script was left out"),
        _("joined cells of a table stand apart"),
        _("links lead to https"),
        _("lists and tables within a cell of a table are plain words"),
        _("one option is right, so one is chosen"),
        _("one option is right, so that only one may be selected"),
        _("options are not shuffled, because some of its questions keep theirs in order"),
        _("options come in an order of chance"),
        _("partial credit for close numbers was left out"),
        _("partial credit for wrong choices was left out"),
        _("partial credit is right less wrong choices"),
        _("pictures of its options stand in its text, and the options name them"),
        _("problems that do not count are part of it"),
        _("the dropdown is a multiple choice"),
        _("the ends of its range count as right"),
        _("the feedback on single answers is in the explanation"),
        _("what happens on a click is left out"),
        _("without a text; its title stands in for it"),
        _("words of an option that were crossed out are shown as they are"),
        _("wrong options cost nothing; some had a weight below 0"),
    }
)


def told(words: Translations, sentence: str) -> list[Told]:
    """A line of the report, thing by thing."""
    parts, found, place = sentence.split(_PARTS) if sentence else [], list[Told](), 0
    while place < len(parts):
        # Some sentences have such a sign in them.
        many = 2 if _PARTS.join(parts[place : place + 2]) in _KNOWN else 1
        found.append(_told(words, _PARTS.join(parts[place : place + many])))
        place += many
    return found


def _told(words: Translations, sentence: str) -> Told:
    quiz = _QUIZ.fullmatch(sentence)
    if quiz is not None:
        many = int(quiz[1])
        return Told(words.ngettext("quiz with %(n)s question", "quiz with %(n)s questions", many) % {"n": many})
    return Told(words.gettext(sentence)) if sentence in _KNOWN else Told(sentence, is_english=True)
