"""What actions do with several parts of the window at once: training, finding, problems, dialogs, help."""

from functools import partial
from pathlib import Path
from typing import BinaryIO

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QIcon
from PySide6.QtWidgets import QFileDialog

from core.errors import CoreError
from core.graph.network import Network
from core.layers.base import describe
from core.project import Project
from guibuilder import icons
from guibuilder.action_kit import plain
from guibuilder.actions import MENUS
from guibuilder.background import run_in_thread
from guibuilder.export_dialog import ExportDialog
from guibuilder.finder import Entry
from guibuilder.help_dialogs import about_page, help_page, shortcuts_page
from guibuilder.hooks import log_folder
from guibuilder.looking import Looking
from guibuilder.picture import write_picture
from guibuilder.training.state import State

ON_THE_CANVAS = [("Draw a wire", "drag from port to port"), ("Wire with the keyboard", "W"),
                 ("Move the view", "Space and drag, or middle button"), ("Zoom", "Ctrl and wheel"),
                 ("Go to the next layer", "arrow keys"), ("Move a layer", "Ctrl and arrow keys"),
                 ("Cut wires", "Alt and drag"), ("Overview map", "M")]


class Commands(Looking):
    """The parts of the window, and everything that can be done with them."""

    found: tuple[str, ...] = ()
    picture_style: str = "canvas"

    # training ---------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether a training waits."""
        return self.run.state is State.PAUSED

    @property
    def preparing(self) -> bool:
        """Whether a training is just starting."""
        return self.run.state is State.PREPARING

    def train(self) -> None:
        """Train, or go on after a pause; the panel shows how it goes."""
        self.autosave.save_now()
        if self.paused:
            self.run.resume()
        else:
            self.run.start()
        self.ensure("panel")
        if self.lower.current == "Problems":
            self.lower.show_tab("Training")

    # documents --------------------------------------------------------------------------------------------------

    def new_empty(self) -> None:
        """A document with nothing drawn."""
        self.files.new(Project())

    def choose_data(self, folder: bool) -> None:
        """Ask for pictures of the person's own to train on."""
        if folder:
            text = QFileDialog.getExistingDirectory(self.window, "A folder with one sub-folder of pictures per class")
        else:
            text, _ = QFileDialog.getOpenFileName(self.window, "A file of pictures", "",
                                                  "Data sets (*.npz *.csv *.gz *.tgz);;All files (*)")
        if text:
            self.files.use_data(Path(text))

    def export(self) -> None:
        """Take the network away."""
        self.autosave.save_now()
        ExportDialog(self.document.project, self.files.name, self.worker, self.theme, self.window).exec()

    def export_picture(self) -> None:
        """Ask how to draw the network and where to, and write it as SVG, PNG, PDF or TikZ."""
        from guibuilder.picture_dialog import PictureDialog

        dialog = PictureDialog(self.document.project.network, self.files.name, self.picture_style, self.window)
        if dialog.exec() and dialog.path is not None:
            self.picture_style = dialog.style_name
            self.write_picture(dialog.path, self.picture_style)

    def write_picture(self, path: Path, style: str = "canvas") -> None:
        """Draw the network into a file of the kind its ending says, without holding up the window."""
        path = path if path.suffix else path.with_suffix(".svg")
        network = self.document.project.network
        run_in_thread(lambda: _draw(network, path, style),
                      lambda _: self.bar.show_message(f"The picture is in {path}.", "good"),
                      lambda sentence: self.bar.show_message(sentence, "error"))

    # finding ----------------------------------------------------------------------------------------------------

    def commands(self) -> None:
        """Every action in one list."""
        self.actions.refresh()
        entries = [Entry(self.actions.words(name), self.actions.keys(name), action.trigger,
                         self.actions.why_not(name), action.icon(), self.actions.table[name].tip)
                   for name, action in self.actions.by_name.items() if name != "commands"]
        self.finder.ask(entries, "Type a command")

    def find(self) -> None:
        """Every layer of the network in one list, those in blocks as well."""
        inference, ratio = self.document.whole.flat, self.window.devicePixelRatioF()
        entries = []
        for key in inference.network.order:
            node = inference.network.nodes[key]
            colour = self.theme.colours.family(node.layer.family)
            drawing = icons.pixmap(icons.layer_icon_name(node.type, node.layer.family), colour, icons.SIZE, ratio)
            words = ", ".join(problem.message for problem in inference.problems_of(key))
            entries.append(Entry(node.name, describe(inference.shapes.get(key)), partial(self._find, node.name),
                                 icon=QIcon(drawing), also=f"{node.type} {node.layer.short()} {words}".strip()))
        self.finder.ask(entries, "Find a layer by name, type or settings")

    def _find(self, name: str) -> None:
        """A layer was chosen; Find next then walks through all that were in the list."""
        self.found = tuple(self.finder.shown_texts())
        self._show_layer(name)

    def find_next(self, by: int) -> None:
        """Go to the next layer of what was found last."""
        here = [name for name in self.found if self.document.locate(name) is not None]
        if here:
            only = self.selection.only
            name = "/".join((*self.document.block_names, self.document.network.nodes[only].name)) if only else ""
            at = here.index(name) if name in here else (-1 if by > 0 else 0)
            self._show_layer(here[(at + by) % len(here)])

    def _show_layer(self, name: str) -> None:
        """Select a layer by its name in the whole network, in the block where it lies."""
        found = self.document.locate(name)
        if found is not None:
            self.document.open(found[0])
            self.reveal(found[1])

    def reveal(self, node: str) -> None:
        """Select a layer and bring it into view."""
        self.leave_start()
        self.selection.set([node])
        self.canvas.commands.reveal(node)

    def search_palette(self) -> None:
        """Put the cursor into the palette's field."""
        self.leave_start()
        self.ensure("palette")
        self.palette.focus_search()

    # the selected layer -----------------------------------------------------------------------------------------

    def edit_settings(self) -> None:
        """Put the cursor into the settings of the selected layer."""
        self.ensure("properties")
        self.properties.focus_settings()

    def rename(self) -> None:
        """Let the person type another name for the selected layer: in its place, or in the properties."""
        if self.canvas.view.hasFocus():
            self.canvas.commands.rename()
            return
        self.ensure("properties")
        self.properties.focus_name()

    def rename_network(self) -> None:
        """Let the person type another name for the whole network."""
        self.leave_start()
        self.selection.set([])
        self.ensure("properties")
        self.properties.focus_name()

    def explain(self) -> None:
        """Explain the selected layer, or show the first steps where none is selected."""
        if not self.selection.ids:
            self.show_help("first-steps")
        else:
            self.ensure("properties")
            self.properties.toggle_help()

    # problems ---------------------------------------------------------------------------------------------------

    def show_problems(self) -> None:
        """Open the list of problems."""
        self.leave_start()
        self.ensure("panel")
        self.lower.show_tab("Problems")

    def step_problem(self, by: int) -> None:
        """Go to the next or previous problem."""
        self.show_problems()
        self.problems.step(by)

    def quick_fix(self) -> None:
        """Apply the best fix, or say that there is none."""
        if not self.problems.apply_best():
            self.bar.show_message("There is no ready fix for this problem. Read what it says and change a setting.")

    # help -------------------------------------------------------------------------------------------------------

    def show_help(self, name: str) -> None:
        """Show a page of help beside the window."""
        help_page(name, self.theme, self.window).show()

    def show_shortcuts(self) -> None:
        """Show all keys."""
        groups = []
        for title, entries in MENUS.items():
            names = [name for entry in entries if entry for name in ([entry] if isinstance(entry, str) else entry[1])]
            lines = [(self.actions.words(name), self.actions.keys(name)) for name in names]
            groups.append((plain(title), [line for line in lines if line[1]]))
        shortcuts_page([*groups, ("On the canvas", ON_THE_CANVAS)], self.theme, self.window).show()

    def about(self) -> None:
        """Show version, parts and licences."""
        about_page(self.theme, self.window).show()

    def show_log(self) -> None:
        """Open the folder with the log."""
        try:
            folder = log_folder()
        except OSError as error:
            raise CoreError(f"The folder of the log cannot be made: {error.strerror}.") from error
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _draw(network: Network, path: Path, style: str) -> None:
    """Draw a network into a file, by its ending; runs in a thread."""
    from core.drawing.styles import STYLES
    from core.formats.atomic import write_atomically

    ending, chosen = path.suffix.lower(), STYLES[style]

    def write(file: BinaryIO) -> None:
        file.write((chosen.tikz(network) if ending == ".tex" else chosen.draw(network).svg).encode())

    if ending in (".svg", ".tex"):
        write_atomically(path, write)
    elif ending in (".png", ".pdf"):
        write_picture(chosen.draw(network).svg, path)
    else:
        raise CoreError(f"Pictures end with .svg, .png, .pdf or .tex, not {path.suffix}.")
