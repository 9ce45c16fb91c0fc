"""HTML: the report of a project. Whoever can run the network hands over what was measured (`core.worker.exporting`)."""

from typing import BinaryIO

from core.formats.base import Format
from core.project import Project


def _write(project: Project, file: BinaryIO) -> None:
    # The window loads all formats when it starts, and has no need of a report then.
    from core.report.report import html_report

    file.write(html_report(project).encode("utf-8", "replace"))


FORMAT = Format("html", "Report", ".html", "Diagram, layers, curves, results and settings on one page that opens "
                "offline.", _write)
