"""Why a table of people or a file cannot be taken."""

from studium.web.reports.marks import _

SENTENCES = frozenset(
    {
        _("The plan was not applied within 24 hours; nothing was changed."),
        _("Two columns hold the same; keep one of them."),
        _("A column email or external_id has to say who each row is about."),
        _("Passwords are never imported: people choose their own. Known columns: %(names)s."),
        _("The first line has to name the columns. Known columns: %(names)s."),
        _("Column %(count)s is not known. Known columns: %(names)s."),
        _("A file may have %(count)s rows; send the rest as another one."),
        _("There is nobody in the file: below its header it is empty."),
        _("The cell that begins with a quotation mark in line %(line)s has no end."),
        _("In line %(line)s a quotation mark stands where none may: write it twice."),
        _("This is %(part)s, not CSV: save the table as CSV (UTF-8)."),
        _("a ZIP archive, as .xlsx and .ods are too"),
        _("an old spreadsheet (.xls)"),
        _("a PDF"),
        _("a gzip archive"),
        _("a page or XML"),
        _("Line %(line)s is longer than %(count)s characters."),
        _("Byte %(place)s is NUL, which no CSV has; UTF-16 needs its mark (BOM)."),
        _("Byte %(place)s is not %(encoding)s: save the file as CSV in UTF-8, all of it in one encoding."),
        _("A CSV of people may have 10 MiB."),
        _("The file is empty."),
        _("A course may have %(count)s MiB."),
        _("There is no such course any more."),
    }
)
