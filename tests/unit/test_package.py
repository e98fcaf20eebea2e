"""What `pip install` gets: the distribution holds the package, its types marker and its licence, and no more."""

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.support import ROOT


def test_the_wheel_holds_the_package_whole(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT / "components", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("pulumi_portico-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    package = ROOT / "components" / "pulumi_portico"
    source = {
        str(file.relative_to(package.parent))
        for file in package.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert "pulumi_portico/py.typed" in source
    assert source <= names
    rest = {name for name in names - source if ".dist-info/" not in name}
    assert rest == set()
    assert any(name.endswith("licenses/LICENSE") for name in names)
