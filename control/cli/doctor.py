"""The command that says what a machine lacks to be an edge."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.commands.doctor import Examine, Finding
from control.config import Config
from control.doctor import examine
from control.fault import Kind, Refused
from control.host import rights


@click.command()
@as_json_option
@pass_config
def doctor(config: Config, as_json: bool) -> None:
    """Say what this machine lacks to be an edge, and how to get it; the status is 1 when something is missing.

    Who may not look into the kernel asks the agent, which looks with its own rights.
    """
    findings = _findings(config)
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


def _findings(config: Config) -> Sequence[Finding]:
    if rights.lacking():
        try:
            return agent(config).ask(Examine()).findings
        except Refused as refused:
            if refused.kind not in (Kind.UNAVAILABLE, Kind.FORBIDDEN):
                raise
    return list(examine(config))
