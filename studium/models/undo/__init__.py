"""What can be undone: removed parts of courses, and the texts that lessons had before."""
