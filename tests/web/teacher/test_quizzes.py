"""The quizzes of a course for its teachers: settings, questions of every type, their order; nothing typed is lost."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from studium.kit.base.ids import new_id
from studium.models import AttemptStatus, QuestionType, Quiz, QuizAccommodation, QuizQuestion, QuizType
from studium.modules.quizzes.question_types import KINDS
from studium.web.render import environment
from tests.web.attempts import answers, attempt_of
from tests.web.school import tab, text, tree
from tests.world import World

C, Q = "/teach/courses/{C1}/quizzes", "/teach/courses/{C1}/quizzes/{Q1}"
SETTINGS = {
    "settings": "1",
    "version": "1",
    "title": "Examination",
    "description": "Read well.",
    "quiz_type": "graded",
    "passing_score": "62,5",
    "time_limit_minutes": "45",
    "max_attempts": "\u0662",
    "release": "together",
    "shuffle_questions": "1",
}
QUESTION = {
    "question_type": "multiple_choice",
    "question_text": "Which explain it? <b>\r\n\r\n![plot](/files/1)",
    "points": "2.5",
    "explanation": "Metres make no difference.",
    "option-1": "Chance",
    "option-2": "A third factor",
    "option-3": "The unit",
    "option-4": "",
    "right": ["1", "2"],
    "scoring": "partial",
    "do": "save",
}


async def questions_of(world: World, quiz: str = "Q1") -> list[QuizQuestion]:
    statement = select(QuizQuestion).where(QuizQuestion.quiz_id == world.ids[quiz]).order_by(QuizQuestion.order_index)
    async with world.runtime.database.read_session() as session:
        return list((await session.execute(statement)).scalars())


def shown(answer: httpx2.Response) -> dict[str, Any]:
    """What the form of a page holds: by name the value, or the values that are chosen."""
    page = tree(answer)
    form = page.xpath("//form[.//*[@name='question_text' or @name='settings']]")[0]
    found: dict[str, Any] = {}
    for one in form.xpath(".//input | .//textarea"):
        if one.get("type") in {"checkbox", "radio"} and one.get("checked") is None:
            continue
        value = (one.text or "").removeprefix("\n") if one.tag == "textarea" else one.get("value", "")
        found[one.get("name")] = [*found.get(one.get("name"), []), value] if one.get("name") == "right" else value
    for one in form.xpath(".//select"):
        found[one.get("name")] = one.xpath("string(option[@selected]/@value)")
    return found


@pytest.mark.parametrize(
    "place", [C, Q, f"{Q}/questions/new", f"{Q}/questions/{{K1}}", f"{Q}/try", f"{Q}/regrade", f"{Q}/paste"]
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_pages_and_forms_are_for_those_who_run_the_course(world: World, place: str):
    for who, status in [(None, 303), ("sam", 403), ("eve", 403), ("ada", 200), ("root", 200)]:
        async with tab(world, who) as visitor:
            assert (await visitor.get(place)).status_code == status, who
            if status == 403:
                for end in ("", "/settings", "/publish", "/unpublish", "/delete", "/move"):
                    assert (await visitor.post(f"{place}{end}", {"title": "Mine"})).status_code in {403, 404, 405}
    assert (await world.row(Quiz, "Q1")).title == "Quiz"
    async with tab(world, "eve") as eve:  # A quiz of another course is none of this one.
        assert (await eve.get("/teach/courses/{C2}/quizzes/{Q1}")).status_code == 404


async def test_settings_are_saved_and_shown_again_where_they_are_refused(world: World):
    async with tab(world, "ada") as ada:
        refused = await ada.post(f"{Q}/settings", SETTINGS)
        assert refused.status_code == 422
        assert shown(refused) == {**SETTINGS, "passing_score": "62,5"}
        assert tree(refused).xpath("//*[@role='alert']//a/@href") == ["#passing_score"]
        saved = await ada.post(f"{Q}/settings", {**SETTINGS, "passing_score": "62.5"})
        assert (saved.status_code, saved.headers["location"]) == (303, world.filled(Q))
        quiz = await world.row(Quiz, "Q1")
        assert (quiz.title, quiz.passing_score, quiz.time_limit_minutes) == ("Examination", Decimal("62.5"), 45)
        assert (quiz.max_attempts, quiz.shuffle_options, quiz.show_correct_answers) == (2, False, False)
        assert (quiz.release.value, quiz.shuffle_questions) == ("together", True)
        assert "The settings are saved." in text(await ada.get(Q))
        stale = await ada.post(f"{Q}/settings", {**SETTINGS, "title": "Later", "passing_score": "50"})
        assert stale.status_code == 412
        assert shown(stale)["title"] == "Later"
        nameless = await ada.post(f"{Q}/settings", {**SETTINGS, "version": str(quiz.version), "title": " "})
        assert nameless.status_code == 422
        assert "#title" in tree(nameless).xpath("//*[@role='alert']//a/@href")


async def test_a_question_of_each_type_is_written_and_read_back(world: World):
    texts: dict[str, dict[str, Any]] = {
        "multiple_choice": QUESTION,
        "true_false": {"question_text": "It is so.", "truth": "false", "points": "\u0661"},
        "short_answer": {
            "question_text": "How many?",
            "correct_answer": "4|\u0664",
            "match": "numeric",
            "tolerance": "0.5",
        },
        "essay": {"question_text": "Say why.", "explanation": "Two reasons."},
    }
    async with tab(world, "ada") as ada:
        for kind, fields in texts.items():
            sent = {"points": "1", **fields, "question_type": kind}
            answer = await ada.post(f"{Q}/questions/new", sent)
            assert answer.status_code == 303, text(answer)
            made = (await questions_of(world))[-1]
            assert f"#q-{made.id}" in answer.headers["location"]
            page = shown(await ada.get(f"{Q}/questions/{made.id}"))
            wanted = {name: value.replace("\r\n", "\n") for name, value in sent.items() if isinstance(value, str)}
            wanted |= {"points": "1"} if kind == "true_false" else {}
            assert {name: page.get(name) for name in wanted if wanted[name] and name != "do"} == {
                name: value for name, value in wanted.items() if value and name != "do"
            }
    choice, truth, short, essay = (await questions_of(world))[2:]
    assert [(one["text"], one["is_correct"]) for one in choice.options or ()] == [
        ("Chance", True),
        ("A third factor", True),
        ("The unit", False),
    ]
    assert (choice.points, choice.question_metadata) == (Decimal("2.5"), {"scoring": "partial"})
    assert (truth.correct_answer, truth.options) == ("false", None)
    assert (short.correct_answer, short.question_metadata) == ("4|\u0664", {"match": "numeric", "tolerance": 0.5})
    assert (essay.question_type, essay.correct_answer) == (QuestionType.ESSAY, None)


def test_every_type_of_the_registry_has_a_part_of_the_form_and_a_name() -> None:
    parts = environment("en").get_template("teacher/quizzes/types.html").module
    name = environment("en").get_template("teacher/quizzes/parts.html").module.type_name  # type: ignore[attr-defined]  # a macro.
    assert [kind for kind in KINDS if not callable(getattr(parts, kind.value, None))] == []
    assert len({str(name(kind.value)) for kind in KINDS}) == len(KINDS)


async def test_nothing_typed_is_lost_by_buttons_other_types_and_refusals(world: World):
    async with tab(world, "ada") as ada:
        more = shown(await ada.post(f"{Q}/questions/new", {**QUESTION, "do": "add"}))
        assert [name for name in more if name.startswith("option-")] == [f"option-{n}" for n in range(1, 6)]
        assert more["right"] == ["1", "2"]
        less = shown(await ada.post(f"{Q}/questions/new", {**QUESTION, "do": "drop-1"}))
        assert (less["option-1"], less["right"]) == ("A third factor", ["1"])
        sent: dict[str, Any] = QUESTION
        for kind in ("essay", "short_answer", "true_false", "multiple_choice"):
            page = await ada.post(f"{Q}/questions/new", {**sent, "do": f"type-{kind}"})
            assert page.status_code == 200
            sent = {**shown(page), "do": "save"}
            assert sent["question_type"] == kind
        kept = {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value for name, value in QUESTION.items()
        }
        assert {name: sent[name] for name in kept} == kept
        refused = await ada.post(f"{Q}/questions/new", {**QUESTION, "right": [], "points": "x"})
        assert refused.status_code == 422
        assert shown(refused)["points"] == "x"
        keyless = await ada.post(f"{Q}/questions/new", {**QUESTION, "right": []})
        assert keyless.status_code == 422
        assert "Tick at least one answer as right." in text(keyless)
        assert tree(keyless).xpath("//*[@role='alert']//a/@href") == ["#options"]
        assert shown(keyless)["option-3"] == "The unit"
    assert len(await questions_of(world)) == 2


async def test_a_changed_key_offers_the_regrade_and_a_dry_run_comes_first(world: World):
    asked = [
        {
            "id": question.id,
            "question_text": question.question_text,
            "question_type": question.question_type,
            "points": question.points,
            "options": question.options,
            "correct_answer": question.correct_answer,
            "explanation": None,
            "metadata": None,
        }
        for question in await questions_of(world)
    ]
    given = answers()
    await world.add(attempt_of(world, "T9", "Q1", given, questions=asked, status=AttemptStatus.GRADED))
    await world.jobs()
    async with tab(world, "ada") as ada:
        page = await ada.get(f"{Q}/questions/{{K2}}")
        form = {**shown(page), "truth": "false", "do": "save"}
        saved = await ada.post(f"{Q}/questions/{{K2}}", form)
        assert saved.status_code == 303
        assert "The question is saved." in text(await ada.get(saved.headers["location"]))
        offer = await ada.get(f"{Q}?rekeyed=true")
        assert "The key has changed." in text(offer)
        assert f"{world.filled(Q)}/regrade" in tree(offer).xpath("//a/@href")
        tried = await ada.post(f"{Q}/regrade", {"do": "dry-run", "never_lower": "1"})
        report = await ada.get(tried.headers["location"])
        assert "Nothing has happened yet" in text(report)
        assert tree(report).xpath("//main//form[@method='post']//input/@name") == ["once", "never_lower"]
        done = await ada.post(f"{Q}/regrade", {"never_lower": "1", "do": "apply"})
        assert "The quiz is regraded." in text(await ada.get(done.headers["location"]))
        tried = await ada.post(f"{Q}/regrade", {"do": "dry-run", "never_lower": "1"})
        nothing = await ada.get(tried.headers["location"])
        assert "Every attempt has the marks that the key gives now" in text(nothing)
        assert tree(nothing).xpath("//main//form//button[contains(@class, 'main')]") == []
        assert "Regrade now" not in text(nothing)
        history = text(await ada.get(f"{Q}/regrade"))
        assert "Dry run" in history
        assert "was never regraded" not in history


async def test_a_question_that_somebody_else_saved_meanwhile_is_shown_beside_what_was_typed(world: World):
    async with tab(world, "ada") as ada:
        form = {**shown(await ada.get(f"{Q}/questions/{{K1}}")), "do": "save"}
        assert (await ada.post(f"{Q}/questions/{{K1}}", {**form, "question_text": "First"})).status_code == 303
        stale = await ada.post(f"{Q}/questions/{{K1}}", {**form, "question_text": "Second"})
        assert stale.status_code == 412
        assert shown(stale)["question_text"] == "Second"
        assert "First" in text(stale)
        assert (await ada.post(f"{Q}/questions/{{K1}}", {**shown(stale), "do": "save"})).status_code == 303
    assert (await world.row(QuizQuestion, "K1")).question_text == "Second"


async def test_questions_are_moved_and_deleted_and_a_quiz_comes_and_goes(world: World):
    async with tab(world, "ada") as ada:
        moved = await ada.post(f"{Q}/move", {"down": str(world.ids["K1"])})
        assert moved.headers["location"].endswith(f"?moved={world.ids['K1']}&by=down")
        page = tree(await ada.get(moved.headers["location"]))
        assert page.xpath("//li[contains(@class, 'moved')]/@id") == [f"q-{world.ids['K1']}"]
        assert [one.id for one in await questions_of(world)] == [world.ids["K2"], world.ids["K1"]]
        assert (await ada.post(f"{Q}/move", {"up": str(new_id())})).status_code == 404
        assert (await ada.post(f"{Q}/questions/{{K1}}/delete")).status_code == 303
        last = await ada.post(f"{Q}/questions/{{K2}}/delete")
        assert last.status_code == 409
        assert shown(last)["question_text"] == "The sky is blue."
        made = await ada.post(C, {"title": "Second quiz"})
        quiz = made.headers["location"]
        empty = await ada.post(f"{quiz}/publish")
        assert empty.status_code == 409
        assert "The quiz has no question." in text(empty)
        assert (await ada.post(f"{quiz}/questions/new", QUESTION)).status_code == 303
        assert (await ada.post(f"{quiz}/publish")).status_code == 303
        assert "Learners see the quiz now." in text(await ada.get(quiz))
        assert "Learners see this quiz." in text(await ada.get(quiz))
        assert (await ada.post(f"{quiz}/unpublish")).status_code == 303
        assert (await ada.post(f"{quiz}/delete")).headers["location"] == world.filled(C)
        assert "Second quiz" in text(await ada.get(C))  # Its lesson is left, and can have another one.
        assert (await ada.post(C, {"title": ""})).status_code == 422


@pytest.mark.parametrize(
    ("language", "said", "stays", "alone"),
    [
        (
            "en",
            "see it once the course is published",
            "those who are in it see this quiz",
            "Learners see this quiz once",
        ),
        ("ar", "حين يُنشر المقرر أيضًا", "يرى هذا الاختبار من هم فيه", "يرى المتعلمون هذا الاختبار حين يُنشر المقرر"),
    ],
)
async def test_a_quiz_of_a_draft_is_not_said_to_be_seen(
    world: World, language: str, said: str, stays: str, alone: str
) -> None:
    async with tab(world, "ada", **{"accept-language": language}) as ada:
        assert (await ada.post("/teach/courses/{C1}/publish", {"hide": "1"})).status_code == 303
        await ada.post(f"{Q}/unpublish")
        assert (await ada.post(f"{Q}/publish")).status_code == 303
        page = text(await ada.get(Q))
        assert said in page
        assert stays in page
        new = await ada.post("/teach/courses/new", {"title": "Fresh"})
        quizzes = new.headers["location"].replace("/outline", "/quizzes")
        quiz = (await ada.post(quizzes, {"title": "First"})).headers["location"]
        await ada.post(f"{quiz}/questions/new", QUESTION)
        await ada.post(f"{quiz}/publish")
        assert alone in text(await ada.get(quiz))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_trial_is_graded_by_the_same_rules_and_stored_nowhere(world: World):
    async with tab(world, "ada") as ada:
        page = tree(await ada.get(f"{Q}/try"))
        assert page.xpath("//input[@type='radio']/@name") == ["a-1", "a-1", "a-2", "a-2"]
        fields = {"v-1": 0, "a-1": "right", "v-2": 0, "a-2": "true"}
        assert "Passed, with 100 %" in text(await ada.post(f"{Q}/try", fields))
        assert "Not passed, with 50 %" in text(await ada.post(f"{Q}/try", {**fields, "a-2": ""}))
        wrong = await ada.post(f"{Q}/try", {**fields, "a-1": "elsewhere"})
        assert wrong.status_code == 422
        assert tree(wrong).xpath("//*[@role='alert']//a/@href") == ["#q1"]
        assert "Nobody has handed it in yet." in text(await ada.get(Q))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_page_asks_as_often_for_fifty_questions_as_for_one(world: World):
    def question(quiz: UUID, place: int) -> QuizQuestion:
        return QuizQuestion(
            id=new_id(),
            quiz_id=quiz,
            question_text=f"Is {place} even?",
            question_type=QuestionType.TRUE_FALSE,
            order_index=place,
            points=Decimal(1),
            correct_answer="true",
        )

    quiz = world.ids["Q2"]
    allowed = QuizAccommodation(
        id=new_id(), quiz_id=quiz, student_id=world.ids["sam"], extra_time_percent=50, extra_attempts=1
    )
    await world.add(allowed)
    counts = []
    async with tab(world, "ada") as ada:
        for many in (1, 50):
            await world.add(*(question(quiz, place) for place in range(2, many + 1)))
            sent = []
            for path in ("", "/questions/new", "/try"):
                async with world.counting() as statements:
                    assert (await ada.get(f"{C}/{{Q2}}{path}")).status_code == 200
                sent.append(len(statements))
            counts.append(sent)
        page = tree(await ada.get(f"{C}/{{Q2}}"))
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 9
    assert len(page.xpath("//li[contains(@class, 'editrow')]")) == 50
    assert world.filled("/teach/courses/{C1}/learners?q=Sam%20Example") in page.xpath("//a/@href")


async def test_a_quiz_of_a_lesson_of_its_own_is_practice_when_that_is_wanted(world: World):
    async with tab(world, "ada") as ada:
        quiz = (await ada.post(C, {"title": "Drill"})).headers["location"]
        fields = {**SETTINGS, "title": "Drill", "quiz_type": "practice", "passing_score": "50", "max_attempts": ""}
        assert (await ada.post(f"{quiz}/settings", fields)).status_code == 303
    async with world.runtime.database.read_session() as session:
        made = (await session.execute(select(Quiz).where(Quiz.title == "Drill"))).scalar_one()
    assert (made.quiz_type, made.max_attempts) == (QuizType.PRACTICE, None)


PASTED = "Which? [2]\n* 2\n- 3 <b>\n\nIt is so.\n= true\n\nWhy?"


async def test_pasted_questions_are_seen_first_and_then_added(world: World):
    async with tab(world, "ada") as ada:
        seen = await ada.post(f"{Q}/paste", {"text": PASTED, "format": "", "do": "look"})
        assert "3 questions were read" in text(seen)
        assert [one.text for one in tree(seen).xpath("//p[@class='ask']")] == ["Which?", "It is so.", "Why?"]
        assert tree(seen).xpath("//textarea")[0].text == f"\n{PASTED}"
        assert len(await questions_of(world)) == 2
        shown = {"seen": tree(seen).xpath("//input[@name='seen']/@value")[0], "do": "add"}
        other = await ada.post(f"{Q}/paste", {"text": f"{PASTED}\n\nWho?", **shown})
        assert "4 questions were read" in text(other), "a text that was changed since is shown before it is added"
        assert len(await questions_of(world)) == 2
        added = await ada.post(f"{Q}/paste", {"text": PASTED.replace("\n", "\r\n"), **shown})
        assert added.status_code == 303
        assert "The questions are added." in text(await ada.get(added.headers["location"]))
    assert [one.question_text for one in (await questions_of(world))[2:]] == ["Which?", "It is so.", "Why?"]


async def test_pasted_text_that_cannot_be_read_is_named_by_its_line_and_kept(world: World):
    bad = f"{PASTED}\n\nWho?\n- nobody\n- anybody"
    async with tab(world, "ada", **{"accept-language": "ar"}) as ada:
        seen = await ada.post(f"{Q}/paste", {"text": bad, "do": "look"})
        assert "السطر 10" in text(seen)
        assert "علّم إجابة صحيحة واحدة على الأقل." in text(seen)
        assert tree(seen).xpath("//button[@value='add']") == []
        shown = {"seen": tree(seen).xpath("//input[@name='seen']/@value")[0]}
        refused = await ada.post(f"{Q}/paste", {"text": bad, "do": "add", **shown})
        assert refused.status_code == 422
        assert tree(refused).xpath("//textarea")[0].text == f"\n{bad}"
        assert "السطر 10" in text(refused)
        lettered = await ada.post(f"{Q}/paste", {"text": "من؟\nأ) أنا\nب) أنت", "do": "look"})
        assert "لم تُعلَّم إجابة صحيحة" in text(lettered)
        assert "السطر 2" in text(lettered)
        gift = await ada.post(f"{Q}/paste", {"text": "Match {=a -> 1 =b -> 2}", "format": "gift", "do": "look"})
        assert "لا توجد هنا أسئلة مطابقة." in text(gift)
        assert (await ada.post(f"{Q}/paste", {"text": "", "do": "look"})).status_code == 422
        assert (await ada.post(f"{Q}/paste", {"text": "x" * 100_001, "do": "look"})).status_code == 422
    assert len(await questions_of(world)) == 2


async def test_pasted_questions_are_added_once_by_two_clicks(world: World):
    async with tab(world, "ada") as ada:
        looked = await ada.post(f"{Q}/paste", {"text": PASTED, "do": "look"})
        shown = {name: tree(looked).xpath(f"//input[@name='{name}']/@value")[0] for name in ("version", "seen")}
        sent = {"text": PASTED, "do": "add", **shown}
        before = await world.count(QuizQuestion)
        assert (await ada.post(f"{Q}/paste", sent)).status_code == 303
        many = await world.count(QuizQuestion)
        again = await ada.post(f"{Q}/paste", sent)
    assert again.status_code == 412
    assert tree(again).xpath("//textarea[@id='text']")[0].text.strip() == PASTED.strip()
    assert await world.count(QuizQuestion) == many > before
