"""The settings of Open edX's blocks in words: what Studium has no field for is said in the report.

The names are those of Open edX's OLX reference and of the fields of its blocks. A setting that is not known here is
named as it is; its value may be a secret and is not shown.
"""

import json
import re
from collections.abc import Iterable, Mapping

INHERITED = frozenset({"graded", "showanswer", "show_correctness", "max_attempts"})
"""Settings that hold for everything below, and that are taken over."""

_NOTHING = frozenset({
    "url_name", "slug", "org", "course", "display_name", "name", "filename", "display_name_with_default",
    "xblock-family", "parent_sequential", "parent_sequential_url", "checklists",
    "parent_url", "index_in_children_list", "children", "data", "id", "location",
    "editor", "markdown", "markdown_edited", "raw_data", "source_code", "use_latex_compiler", "course_edit_method",
    "giturl", "xqa_key", "version", "edited_by", "edited_on", "subtree_edited_on", "definition", "is_draft",
    "data_dir", "in_entrance_exam", "tags", "catalog_visibility_in_catalog", "rerandomize_default", "discussion_id",
    "from_youtube", "youtube_is_available", "saved_video_position", "position", "video_speed_optimizations",
    "static_asset_path", "show_title", "minimum_grade_credit", "user_tags", "ispublic", "license_version",
    "template_version", "allow_anonymous", "allow_anonymous_to_peers", "chrome", "default_tab", "content_type",
    "force_save_button", "enable_markdown_editor", "use_tinymce", "editor_saved", "has_children", "css", "class",
})  # fmt: skip
"""How something is edited or stored there, or how a player looks: nothing that a learner would miss."""
_SAME = {
    "graded": {"false"},
    "rerandomize": {"never"},
    "visible_to_staff_only": {"false"},
    "attempts": {"0"},
    "show_captions": {"true"},
    "show_correctness": {"always"},
    "grading_method": {"last_score"},
    "attempts_before_showanswer_button": {"0"},
    "submission_wait_seconds": {"0"},
    "start_time": {"00:00:00", "0", "0.0"},
    "end_time": {"00:00:00", "0", "0.0"},
    "language": {"en"},
    "days_early_for_beta": {"0", "0.0"},
    "public_access": {"false"},
    "transcript_download_role": {"*"},
    "mode": {"random"},
    "shuffle": {"false"},
    "randomize": {"no"},
    "cosmetic_display_price": {"0"},
    "max_student_enrollments_allowed": {"0"},
    "certificates_display_behavior": {"end", "early_no_info"},
    "catalog_visibility": {"both"},
    "course_visibility": {"private"},
    "license": {"all-rights-reserved"},
    "invitation_only": {"false"},
    "matching": {"exact"},
}
"""Values that mean what happens here anyway."""
_EMPTY = frozenset({"", "null", "none", "[]", "{}", "false", "0 days", "0 seconds"})
_WORDS = {
    "start": "a start date ({})",
    "end": "an end date ({})",
    "due": "a due date ({})",
    "graceperiod": "{} of grace after the due date",
    "relative_weeks_due": "a due date {} weeks after enrolling",
    "enrollment_start": "enrolment from {}",
    "enrollment_end": "enrolment until {}",
    "advertised_start": "the start as it is announced ({})",
    "certificate_available_date": "certificates from {}",
    "announcement": "the day of the announcement ({})",
    "format": "the kind of assignment ({})",
    "is_time_limited": "",
    "default_time_limit_minutes": "a time limit of {} minutes",
    "hide_after_due": "hiding it after the due date",
    "is_proctored_enabled": "supervision of the exam",
    "is_proctored_exam": "supervision of the exam",
    "exam_review_rules": "rules for who supervises the exam",
    "is_practice_exam": "being a practice exam",
    "is_onboarding_exam": "being an exam to try supervision",
    "is_entrance_exam": "being an entrance exam",
    "entrance_exam_enabled": "an entrance exam",
    "entrance_exam_id": "an entrance exam",
    "entrance_exam_minimum_score_pct": "the score that passes the entrance exam ({})",
    "hide_from_toc": "being left out of the table of contents",
    "group_access": "being shown to some groups of learners only",
    "user_partitions": "groups of learners",
    "cohort_config": "groups of learners",
    "teams_configuration": "teams of learners",
    "prereq": "another part that must be passed first",
    "required_content": "another part that must be passed first",
    "min_score": "a score that opens it ({})",
    "min_completion": "a share that opens it ({})",
    "pre_requisite_courses": "courses that must be passed first",
    "showanswer": "when the key is shown ({})",
    "show_correctness": "when right and wrong are shown ({})",
    "attempts_before_showanswer_button": "the key only after {} attempts",
    "max_attempts": "at most {} attempts",
    "rerandomize": "numbers that change ({})",
    "submission_wait_seconds": "a wait of {} seconds between attempts",
    "grading_method": "which attempt counts ({})",
    "show_reset_button": "a button that empties the answers",
    "matlab_api_key": "a key for MATLAB",
    "weight": "its weight ({})",
    "has_score": "being marked",
    "points": "its points ({})",
    "days_early_for_beta": "opening {} days early for testers",
    "visible_to_staff_only": "being shown to staff only",
    "video_auto_advance": "going on by itself after a video",
    "video_bumper": "a film before each video",
    "edxnotes": "notes of learners",
    "edxnotes_visibility": "notes of learners",
    "self_paced": "learning at one's own pace (the same here)",
    "transcript_language": "a language of captions ({})",
    "transcripts": "captions",
    "sub": "captions",
    "track": "captions",
    "transcript_url": "captions",
    "show_captions": "captions that are off at first",
    "download_track": "captions to download",
    "transcript_download_format": "captions to download",
    "transcript_download_role": "who may download captions",
    "download_video": "the video as a download",
    "handout": "a handout",
    "youtube_id_0_75": "the video at 0.75 of its speed",
    "youtube_id_1_25": "the video at 1.25 of its speed",
    "youtube_id_1_5": "the video at 1.5 of its speed",
    "start_time": "the video's start at {}",
    "end_time": "the video's end at {}",
    "from": "the video's start at {}",
    "to": "the video's end at {}",
    "html5_sources": "other files of the video",
    "source": "another file of the video",
    "edx_video_id": "the video's number in the other system",
    "only_on_web": "showing the video on the web only",
    "public_access": "showing the video to everybody",
    "thumbnail": "a picture in front of the video",
    "client_video_id": "the video's number in the other system",
    "auto_advance": "going on by itself after a video",
    "speed": "the speed of the video ({})",
    "license": "the licence ({})",
    "language": "the language ({})",
    "course_image": "the course's picture",
    "banner_image": "a banner picture",
    "video_thumbnail_image": "a picture in front of the course's film",
    "video_upload_pipeline": "where videos are sent",
    "max_count": "how many are picked ({})",
    "source_library_id": "the library it comes from",
    "source_library_version": "the library it comes from",
    "capa_type": "which kind of problem is picked ({})",
    "mode": "how they are picked ({})",
    "allow_resetting_children": "a button for other problems",
    "upstream": "what it was copied from",
    "upstream_version": "what it was copied from",
    "discussion_category": "a place in the discussions ({})",
    "discussion_target": "a place in the discussions ({})",
    "for": "a heading of the discussions",
    "discussion_topics": "topics of discussions",
    "discussion_blackouts": "days without discussions",
    "discussions_settings": "discussions",
    "discussion_enabled": "discussions",
    "discussion_link": "an address of discussions",
    "discussion_sort_alpha": "the order of discussions",
    "discussionblackouts": "days without discussions",
    "tabs": "tabs of the course",
    "textbooks": "textbooks",
    "pdf_textbooks": "textbooks",
    "html_textbooks": "textbooks",
    "wiki_slug": "the wiki",
    "hide_progress_tab": "hiding the progress",
    "show_calculator": "the calculator",
    "info_sidebar_name": "the name of the handouts ({})",
    "lti_passports": "secrets of tools of other servers",
    "lti_id": "a tool of another server",
    "launch_url": "a tool of another server ({})",
    "advanced_modules": "which kinds of parts may be used",
    "advanced_problem_types": "which kinds of problems may be used",
    "certificates": "how certificates look",
    "certificates_show_before_end": "certificates before the end",
    "cert_html_view_enabled": "certificates as pages",
    "cert_name_long": "what certificates are called ({})",
    "cert_name_short": "what certificates are called ({})",
    "cert_html_view_overrides": "how certificates look",
    "certificates_display_behavior": "when certificates are shown ({})",
    "no_grade": "a course without grades",
    "disable_progress_graph": "a course without the graph of progress",
    "grading_policy": "how the course is graded",
    "display_coursenumber": "the number it is shown with ({})",
    "display_organization": "the organization it is shown with ({})",
    "course_survey_name": "a survey",
    "course_survey_required": "a survey",
    "end_of_course_survey_url": "a survey at the end",
    "social_sharing_url": "an address to share",
    "mobile_available": "being shown in the app",
    "mobile_available_from": "being shown in the app",
    "catalog_visibility": "where it is listed ({})",
    "course_visibility": "who sees it without enrolling ({})",
    "invitation_only": "enrolling by invitation only",
    "max_student_enrollments_allowed": "at most {} learners",
    "cosmetic_display_price": "the price it is shown with ({})",
    "enrollment_domain": "who may enrol ({})",
    "enable_ccx": "courses for coaches",
    "ccx_connector": "courses for coaches",
    "instructor_info": "the instructors",
    "learning_info": "what is learned",
    "course_wide_js": "scripts of the course",
    "course_wide_css": "style sheets of the course",
    "proctoring_provider": "who supervises exams",
    "proctoring_escalation_email": "who supervises exams",
    "allow_proctoring_opt_out": "exams without supervision",
    "create_zendesk_tickets": "reports about exams",
    "enable_proctored_exams": "exams with supervision",
    "enable_timed_exams": "exams with a time limit",
    "enable_subsection_gating": "parts that open one after the other",
    "is_new": "being marked as new",
    "ispublic": "being open to everybody",
    "highlights": "highlights of the week",
    "highlights_enabled_for_messaging": "highlights of the week by mail",
    "chrome": "what stands around it",
    "default_tab": "the tab that opens first",
    "accordion": "what stands around it",
    "remote_gradebook": "a gradebook elsewhere",
    "hidden_modules": "hidden parts",
    "timezone": "the time zone ({})",
    "teams": "teams of learners",
    "hint": "a hint",
    "suppress_error": "",
    "issue_badges": "badges",
    "bypass_home": "",
    "allow_unsupported_xblocks": "",
    "learning_sequence": "",
    "other_course_settings": "other settings",
    "allow_public_wiki_access": "the wiki for everybody",
    "nonactive_user_access": "",
    "completion_state": "",
    "ungraded_credit": "",
    "minimum_grade_to_pass": "a grade that passes ({})",
    "pacing_type": "the pace ({})",
}
_VALUE_MAX = 60
_MIDNIGHT = re.compile(r"T00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?$")
SETTINGS_MAX = 40


def plain(value: object) -> str:
    """A setting as one text, whether it came as an attribute (in which strings may be quoted) or as JSON."""
    if isinstance(value, str):
        text = value.strip()
        if len(text) > 1 and text[0] == text[-1] == '"':
            try:
                return str(json.loads(text))
            except ValueError:
                return text
        return text
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)


def left_out(settings: Mapping[str, str], taken: Iterable[str] = ()) -> list[str]:
    """What of these settings has no place here, each in words, in the order of their names."""
    known, found = {*taken, *_NOTHING}, []
    for key in sorted(settings):
        value = settings[key]
        if key in known or value.lower() in _EMPTY or value.lower() in _SAME.get(key, ()):
            continue
        words = _WORDS.get(key, f"the setting {key[:_VALUE_MAX]!r}")
        if words and words not in found:
            found.append(words.format(_shown(value)))
    if len(found) > SETTINGS_MAX:
        found[SETTINGS_MAX:] = [f"{len(found) - SETTINGS_MAX} more settings"]
    return list(dict.fromkeys(found))


def said(lost: list[str]) -> list[str]:
    """The same as one part of a sentence of the report; none where nothing was lost."""
    return [f"left out: {', '.join(dict.fromkeys(lost))}"] if lost else []


def _shown(value: str) -> str:
    value = _MIDNIGHT.sub("", " ".join(value.split()))
    return value if len(value) <= _VALUE_MAX else f"{value[:_VALUE_MAX]}…"
