"""The architecture as written down in pyproject.toml: who may import whom."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_imports_keep_to_the_layers():
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or "lint-imports"
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_pulse_loads_nothing_heavy():
    heavy = {"pyarrow", "numpy", "trio", "networkx", "pydantic", "click", "rich", "prometheus_client"}
    assert not heavy & modules_after("import pulse")


def test_using_a_name_loads_only_what_it_needs():
    loaded = modules_after("from pulse import JsonLines")
    assert "pyarrow" in loaded
    assert not {"trio", "networkx", "pydantic", "click"} & loaded


def test_the_public_names_are_those_of_the_snapshot():
    import pulse

    snapshot = (Path(__file__).parent / "public_names.txt").read_text().split()
    assert sorted(pulse.__all__) == snapshot, "update tests/public_names.txt when a public name changes"


def test_every_public_name_can_be_loaded():
    import pulse

    for name in pulse.__all__:
        assert getattr(pulse, name) is not None
