"""The shells' completions of wicket, as click writes them."""

from click.shell_completion import get_completion_class

from control.cli import main

SHELLS = ("bash", "zsh", "fish")


def completions() -> dict[str, str]:
    """Return the script of each shell by the name of its file."""
    scripts = {}
    for shell in SHELLS:
        script = get_completion_class(shell)
        assert script
        scripts[f"wicket.{shell}"] = script(main, {}, "wicket", "_WICKET_COMPLETE").source()
    return scripts
