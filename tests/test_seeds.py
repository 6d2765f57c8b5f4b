"""The five reference documents, wrapped as plain pages, are read field by field as their labels say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from conftest import SHARED, needs_shared

pytestmark = needs_shared("seeds/check.py")


def test_every_field_of_the_reference_documents_holds() -> None:
    program = Path(sys.executable).with_name("yaodian")
    assert shutil.which(str(program)), "the console script is installed by `make install`"
    checked = subprocess.run(
        [sys.executable, str(SHARED / "seeds" / "check.py"), str(program), str(SHARED / "seeds")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout
