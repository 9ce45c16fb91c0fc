"""The walls of the house: who imports whom, how long a file may be, and that the linters are content."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
CODE = sorted(path for folder in ("core", "guibuilder") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FILE_LIMIT = 350
TEST_FILE_LIMIT = 500
FUNCTION_LIMIT = 40
KERNEL_LIMIT = 60
HEAVY = ("numba", "llvmlite", "onnx", "onnxruntime", "pooch", "torch", "scipy")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _imports(path: Path) -> set[str]:
    """The first names of everything a file imports, at the top or inside a function."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize(
    "command",
    [
        ("-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."),
        ("-m", "mypy"),
        ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"),
    ],
    ids=["ruff", "mypy", "import-linter"],
)
def test_the_linters_are_content(command):
    result = _run(*command)
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"


@pytest.fixture(scope="module")
def imports():
    """The imports between all modules, without the one door through which the worker starts in its own process."""
    graph = grimp.build_graph("core", "guibuilder", cache_dir=None)
    graph.remove_import(importer="core.worker.launch", imported="core.worker.main")
    return graph


@pytest.mark.parametrize("forbidden", ["core.engine", "core.kernels", "core.inspect", "core.worker.main"])
def test_the_window_never_reaches_the_engine(imports, forbidden):
    window = {
        module for module in imports.modules
        if module.startswith("guibuilder.") and not module.startswith("guibuilder.command_line")
    } - {"guibuilder.terminal_demo", "guibuilder.start", "guibuilder.__main__"}
    assert forbidden in imports.modules
    reaching = {
        module: imports.find_shortest_chain(importer=module, imported=target)
        for module in window
        for target in {forbidden, *imports.find_descendants(forbidden)}
        if imports.chain_exists(importer=module, imported=target)
    }
    assert not reaching


def test_numba_lives_in_the_kernels_only():
    outside = [
        _name(path) for path in CODE
        if {"numba", "llvmlite"} & _imports(path) and (ROOT / "core" / "kernels") not in path.parents
    ]
    assert not outside


def test_kernels_know_no_layers():
    allowed = {"numpy", "numba", "llvmlite", "core", "platformdirs"} | sys.stdlib_module_names
    strangers = {_name(path): _imports(path) - allowed for path in (ROOT / "core" / "kernels").glob("*.py")}
    assert not {name: names for name, names in strangers.items() if names}


@pytest.mark.parametrize("module", ["guibuilder.app", "core.worker.messages", "guibuilder.document"])
def test_importing_the_window_stays_light(module):
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    result = _run("-c", code)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr


def test_the_command_line_lists_its_commands_without_qt_or_heavy_libraries():
    code = (
        "import sys; sys.modules['PySide6'] = None\n"
        "from guibuilder.command_line.main import commands\n"
        "names = [command.NAME for command in commands()]\n"
        f"print('doctor' in names, [name for name in {HEAVY!r} if name in sys.modules])"
    )
    result = _run("-c", code)
    assert result.stdout.strip() == "True []", result.stdout + result.stderr


def test_every_command_says_what_it_is():
    from guibuilder.command_line.main import commands

    for command in commands():
        assert command.SUMMARY
        assert callable(command.add_arguments)
        assert callable(command.run)


def test_files_and_functions_are_short():
    long = {}
    for path in CODE + TESTS:
        text = path.read_text(encoding="utf-8")
        if len(text.splitlines()) > (FILE_LIMIT if path in CODE else TEST_FILE_LIMIT):
            long[_name(path)] = len(text.splitlines())
        limit = KERNEL_LIMIT if "kernels" in path.parts else FUNCTION_LIMIT
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
        lengths = {f"{_name(path)}: {node.name}": node.end_lineno - node.lineno + 1 for node in functions}
        long |= {name: length for name, length in lengths.items() if length > limit}
    assert not long


def test_nothing_is_left_for_later():
    marks = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")
    left = {_name(path): marks.findall(path.read_text(encoding="utf-8")) for path in CODE + TESTS}
    assert not {name: found for name, found in left.items() if found}


def test_only_the_document_makes_undo_commands():
    makers = {_name(path) for path in CODE if re.search(r"\(QUndoCommand\)", path.read_text(encoding="utf-8"))}
    assert makers == {"guibuilder/document.py"}


def test_public_names_are_documented():
    silent = []
    for path in CODE:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = [node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
        silent += [
            f"{_name(path)}: {node.name}" for node in nodes
            if not node.name.startswith("_") and not ast.get_docstring(node)
        ]
        if not ast.get_docstring(tree):
            silent.append(_name(path))
    assert not silent


def test_packages_hold_only_code_and_the_resources_are_there():
    from core.resources import resources_folder

    assert resources_folder() == ROOT / "resources"
    strangers = [
        path for folder in ("core", "guibuilder") for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc", ".nbi", ".nbc"} and path.name != "py.typed"
    ]
    assert not strangers
