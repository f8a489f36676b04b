"""``python -m manual.documents`` writes the API's documents into docs/openapi/, as they are served now."""

from pathlib import Path
from tempfile import TemporaryDirectory

from api.application import create_app
from control import config as configuration

DOCS = Path(__file__).parents[1] / "docs" / "openapi"
CONFIG = 'state = "{directory}/state"\nrun = "{directory}/run"\n'
REGISTRY = '[registry]\nenabled = true\nurl = "sqlite:///{directory}/registry.db"\n'
DOCUMENTS = {"gateway.json": CONFIG, "registry.json": CONFIG + REGISTRY}
"""The configuration of which each is the document; no agent is asked for it."""


def served(settings: str) -> str:
    """Return the document that an API with these settings serves."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "wicket.toml"
        file.write_text(settings.format(directory=directory))
        app = create_app(configuration.load(file))
        return app.test_client().get("/openapi.json").get_data(as_text=True)


def main() -> None:
    """Write them."""
    for name, settings in DOCUMENTS.items():
        (DOCS / name).write_text(served(settings))


if __name__ == "__main__":
    main()
