"""Why a rule of a course, a quiz or a file lets something stay, or takes no file."""

from studium.web.reports.marks import _

SENTENCES = frozenset(
    {
        _("Somebody has taken this quiz, so it stays practice or graded."),
        _("Somebody has taken this quiz; unpublish it instead."),
        _("A quiz or somebody's progress hangs on this lesson, so its type stays."),
        _("A .%(ending)s file may have %(count)s MiB."),
        _("The file does not fit into what is left of your quota; delete others first."),
        _("An archive may have %(count)s entries."),
        _("The archive holds a name twice."),
        _("The archive holds names that lead out of its folder or are no plain paths."),
        _("The archive holds links."),
        _("The archive would be too large when unpacked."),
        _("The picture consists of too many parts; save it anew with another program."),
        _("A picture of this format may have %(count)s million pixels, and %(most)s frames."),
        _("The content of the file is not that of a .%(ending)s file."),
        _("The name does not end as one of those that are taken: %(names)s."),
        _("Files of this kind are not taken; these are: %(names)s."),
    }
)
