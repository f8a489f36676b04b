"""The command that says what a machine lacks to be an edge."""

import sys
from dataclasses import asdict

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import print_json, print_table
from control.config import Config
from control.doctor import examine


@click.command()
@as_json_option
@pass_config
def doctor(config: Config, as_json: bool) -> None:
    """Say what this machine lacks to be an edge, and how to get it; the status is 1 when something is missing."""
    findings = list(examine(config))
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        rows = [
            ("ok", finding.what, finding.found, "")
            if finding.good
            else ("MISSING", finding.what, finding.found, finding.mend)
            for finding in findings
        ]
        print_table("doctor", ("", "what", "found", "what to do"), rows)
    sys.exit(0 if all(finding.good for finding in findings) else 1)
