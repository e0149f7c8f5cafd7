"""Run notebooks from top to bottom, in place, and store what does not change from run to run."""

import os
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    # without its version, which differs; with what names a script that is made from a notebook
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def settle(notebook):
    """Drop what differs in every run or on every machine; the outputs themselves stay."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            # The stored view of a widget that is gone shows as an error; its picture does not.
            data = output.get("data", {})
            data.pop(WIDGET_VIEW, None)
            if "lazylib-stored" in data.get("text/html", ""):
                del data["text/html"]
        if cell.cell_type == "code":
            cell.outputs = [each for each in cell.outputs if each.get("data") != {}]


def run(path):
    """Run one notebook in its own folder; an error in a cell stops here, and nothing is stored."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": path.parent}},
    )
    client.execute()
    settle(notebook)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    import surroundings  # of this very folder, where this is run as a program

    surroundings.settle("notebooks")
    os.environ["TQDM_DISABLE"] = "1"  # no progress bars in what is stored
    for name in sys.argv[1:] or sorted(Path("notebooks").glob("**/[!.]*.ipynb")):
        start = time.perf_counter()
        run(Path(name))
        print(f"{name}: {time.perf_counter() - start:.1f} s", flush=True)
