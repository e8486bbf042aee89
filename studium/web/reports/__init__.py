"""The sentences of import reports in the words of a page."""
