"""Where the Azure CLI is looked for."""

from __future__ import annotations

import os
from pathlib import Path

from practice_help import posix_only

from workshop.core import azure_cli


def program(folder: Path) -> Path:
    folder.mkdir(parents=True)
    file = folder / "az"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    return file


@posix_only
def test_the_learners_own_comes_before_the_private_one(tmp_path: Path) -> None:
    nowhere = str(tmp_path / "empty")
    assert azure_cli.find(tmp_path, nowhere) is None
    private = program(tmp_path / ".workshop" / "azure-cli" / "bin")
    assert azure_cli.find(tmp_path, nowhere) == private
    own = program(tmp_path / "own")
    assert azure_cli.find(tmp_path, os.pathsep.join([nowhere, str(own.parent)])) == own
