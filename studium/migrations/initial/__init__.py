"""The tables as revision 0001 made them. The models move on; these must not, or old databases and new ones differ."""

from studium.migrations.initial import assessment, jobs, learning, people
from studium.migrations.initial.columns import METADATA

__all__ = ["METADATA", "assessment", "jobs", "learning", "people"]
