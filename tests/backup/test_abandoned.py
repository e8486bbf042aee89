"""What a backup leaves that was killed: drafts that nobody owns go with the next one to the same place."""

import os
from pathlib import Path

import pytest

from studium.kit.backups.manifest import new_backup
from studium.kit.base.scratch import own_folder


def abandoned(folder: Path, name: str) -> Path:
    draft = folder / name
    os.close(own_folder(draft))
    (draft / "database").write_bytes(b"half")
    return draft


def test_the_next_backup_takes_away_what_a_killed_one_left(tmp_path: Path) -> None:
    left = abandoned(tmp_path, ".school.0123456789ab")
    others = [abandoned(tmp_path, name) for name in (".school", ".schools.0123456789ab", ".school.0123456789abc")]
    held = own_folder(tmp_path / ".school.aaaaaaaaaaaa")
    with new_backup(tmp_path / "school", force=False) as folder:
        assert not left.exists()
        assert (tmp_path / ".school.aaaaaaaaaaaa").exists(), "another backup is at work there"
        (folder / "database").write_bytes(b"whole")
    os.close(held)
    assert all(other.exists() for other in others)
    assert (tmp_path / "school" / "database").read_bytes() == b"whole"


def test_the_backup_before_stays_until_another_is_whole(tmp_path: Path) -> None:
    """Killed between two renames, the old one lies aside and nothing in its place."""
    old = abandoned(tmp_path, ".school.0123456789ab.old")

    def interrupted() -> None:
        with new_backup(tmp_path / "school", force=True):
            assert old.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interrupted()
    assert old.exists()
    with new_backup(tmp_path / "school", force=True):
        pass
    with new_backup(tmp_path / "school", force=True):
        assert not old.exists()
