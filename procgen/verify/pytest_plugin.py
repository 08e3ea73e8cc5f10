"""`pytest --procgen-url URL`: each version in a database as tests, one for each way to call it.

It is loaded by every pytest that finds procgen installed, so it imports nothing until it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from procgen.databases.database import Database
    from procgen.migrations.header import ModelVersion
    from procgen.migrations.project import Project
    from procgen.verify.testing import Suite

SETTINGS = "procgen.toml"
SHOWN = 10


class Different(Exception):  # noqa: N818 - what pytest shows, not an error of a program
    """A test that has something to show; the text is all that people need to see."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("procgen", "models in a database")
    group.addoption(
        "--procgen-url",
        metavar="URL",
        help="test the versions that this database has: postgresql://... or duckdb:///...",
    )
    group.addoption(
        "--procgen-project",
        metavar="DIR",
        help=f"the folder of {SETTINGS}; the folder of the run by default",
    )
    group.addoption(
        "--procgen-min-coverage",
        metavar="PERCENT",
        type=float,
        default=100.0,
        help="how many of the reachable leaves the cases must reach",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Have the project's settings collected, wherever the run looks for tests."""
    if config.getoption("--procgen-url") is None:
        return
    path = _settings(config)
    if not path.is_file():
        raise pytest.UsageError(f"{path} does not exist; name its folder with --procgen-project")
    config.args = [*config.args, str(path)]


def _settings(config: pytest.Config) -> Path:
    folder = config.getoption("--procgen-project")
    return (config.invocation_params.dir / (folder or ".") / SETTINGS).resolve()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """The project that is meant is a file of tests."""
    config = parent.config
    if file_path.name != SETTINGS or config.getoption("--procgen-url") is None:
        return None
    if file_path.resolve() != _settings(config):
        return None
    return ProjectFile.from_parent(parent, path=file_path)


class ProjectFile(pytest.File):
    """A project: its versions that the database has."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Ask the database what it has."""
        from procgen.databases.opening import open_database  # noqa: PLC0415 - see above
        from procgen.errors import ProcgenError  # noqa: PLC0415
        from procgen.migrations.project import load_project  # noqa: PLC0415
        from procgen.verify.testing import live_paths  # noqa: PLC0415

        url = self.config.getoption("--procgen-url")
        try:
            project = load_project(self.path.parent)
            with open_database(url, read_only=True) as database:
                found = live_paths(project, database)
        except ProcgenError as error:
            raise self.CollectError(str(error)) from None
        for version, paths in found.items():
            name = f"{version.name}_v{version.version}"
            yield Version.from_parent(self, name=name, about=(project, version, paths))


class Version(pytest.Collector):
    """A version: its ways to be called, and the coverage of its cases."""

    def __init__(self, *, about: tuple[Project, ModelVersion, list[str]], **more: Any) -> None:
        super().__init__(**more)
        self.project, self.version, self.paths = about
        self.read: Suite | None = None

    @property
    def suite(self) -> Suite:
        """The files of the version, read once."""
        from procgen.verify.testing import Suite  # noqa: PLC0415 - see above

        if self.read is None:
            self.read = Suite.of(self.project, self.version)
        return self.read

    def collect(self) -> Iterator[pytest.Item]:
        """A test for each way, and one of the cases themselves."""
        for path in self.paths:
            yield PathTest.from_parent(self, name=path)
        yield CoverageTest.from_parent(self, name="coverage")


class Test(pytest.Item):
    """What the tests share: the version that they belong to, and how they fail."""

    __test__ = False

    @property
    def suite(self) -> Suite:
        """The version's files."""
        assert isinstance(self.parent, Version)  # noqa: S101 - narrows for mypy
        return self.parent.suite

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The text of a difference or of procgen's own errors, without a traceback."""
        from procgen.errors import ProcgenError  # noqa: PLC0415 - see above

        if isinstance(excinfo.value, Different | ProcgenError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Where it stands."""
        parent = self.parent.name if self.parent else ""
        return self.path, None, f"{parent}: {self.name}"


class PathTest(Test):
    """One way to call a version, asked about every case."""

    def runtest(self) -> None:
        """Ask; all of it is rolled back."""
        from procgen.databases.opening import open_database  # noqa: PLC0415 - see above

        url = self.config.getoption("--procgen-url")
        with open_database(url, read_only=True) as database:
            self._ask(database)

    def _ask(self, database: Database) -> None:
        from procgen.verify.formats import finding_lines  # noqa: PLC0415 - see above
        from procgen.verify.testing import ask_database  # noqa: PLC0415

        result = ask_database(self.suite, database, only=self.name)
        for path in result.paths:
            if not path.parity.ok:
                lines = finding_lines(path, SHOWN)
                raise Different("\n".join((f"{self.name} on {result.label}", *lines)))


class CoverageTest(Test):
    """The cases reach the leaves of every tree."""

    def runtest(self) -> None:
        """Measure; no database is asked."""
        from procgen.verify.gate import require_coverage  # noqa: PLC0415 - see above
        from procgen.verify.measured import counts_of  # noqa: PLC0415

        suite = self.suite
        floor = self.config.getoption("--procgen-min-coverage") / 100
        label = f"{suite.version.name} v{suite.version.version}"
        counts = counts_of(suite.program, suite.cases, suite.record.digest)
        require_coverage(counts, floor, label)
