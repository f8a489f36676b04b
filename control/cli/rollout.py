"""Commands about plans: a policy that is enforced in steps, and what undoes itself unless it is confirmed."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from control.cli import kernel
from control.cli.context import as_json_option, pass_config
from control.cli.output import agent, print_json, print_table
from control.commands.confirm import CancelChange, ConfirmChange
from control.commands.policy import Preview
from control.commands.request import Order
from control.commands.rollout import MovePlan, PausePlan, Plans, PlanState, ReadPlans, ResumePlan, StartPlan, UndoPlan
from control.config import Config
from control.config.quantity import SECONDS, Quantity
from control.fault import BadValueError
from control.vocabulary import VPN_PROTOCOLS

ALL = "all"
SPAN = Quantity("duration", SECONDS, least=0)


class Span(click.ParamType[float]):
    """A duration as the configuration writes it: 5m, 1h."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        try:
            return float(SPAN.read(value))
        except BadValueError as error:
            self.fail(f"{error.why}; {error.mend}", param, ctx)


class Date(click.ParamType[float]):
    """A date and time as ISO 8601 writes it; in this machine's time zone where it names none."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds since 1970."""
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            self.fail(f"{value!r} is no date; write one such as 2027-01-31T03:00", param, ctx)


confirm_option = click.option(
    "--confirm-within", type=Span(), help="Undo it unless `wicket confirm` says within this time that it stays; 0s: no."
)
protocol_argument = click.argument("protocols", nargs=-1, required=True, type=click.Choice([*VPN_PROTOCOLS, ALL]))


@click.group()
def rollout() -> None:
    """Policies that are enforced in steps."""


@rollout.command("start")
@protocol_argument
@click.option("--shares", help="Per cent of the flows, step by step, such as 1,5,25,100; by default as configured.")
@click.option("--soak", type=Span(), help="How long each share is in force before the next; by default as configured.")
@click.option("--at", "date", type=Date(), help="When to start, such as 2027-01-31T03:00; by default now.")
@confirm_option
@as_json_option
@pass_config
def rollout_start(
    config: Config,
    protocols: tuple[str, ...],
    shares: str | None,
    soak: float | None,
    date: float | None,
    confirm_within: float | None,
    as_json: bool,
) -> None:
    """Begin to enforce PROTOCOLS, or all, in steps: each soaks, and the next follows while nothing hinders it."""
    try:
        numbers = [int(share) for share in shares.split(",")] if shares else None
    except ValueError:
        raise click.UsageError(f"--shares: {shares!r} are no numbers; write some such as 1,5,25,100") from None
    order = StartPlan(protocols=_named(protocols), shares=numbers, soak=soak, date=date, confirm_within=confirm_within)
    _ask(config, order, as_json)


@rollout.command("status")
@as_json_option
@pass_config
def rollout_status(config: Config, as_json: bool) -> None:
    """Show how plans stand."""
    plans = agent(config, kernel.PATIENCE).ask(ReadPlans())
    print_json([plan.model_dump() for plan in plans.plans]) if as_json else say_plans(plans.plans)


@rollout.command("pause")
@protocol_argument
@as_json_option
@pass_config
def rollout_pause(config: Config, protocols: tuple[str, ...], as_json: bool) -> None:
    """Have the plans of PROTOCOLS stay where they are."""
    _ask(config, PausePlan(protocols=_named(protocols)), as_json)


@rollout.command("resume")
@protocol_argument
@as_json_option
@pass_config
def rollout_resume(config: Config, protocols: tuple[str, ...], as_json: bool) -> None:
    """Have the plans of PROTOCOLS go on; the present share soaks anew."""
    _ask(config, ResumePlan(protocols=_named(protocols)), as_json)


@rollout.command("undo")
@protocol_argument
@as_json_option
@pass_config
def rollout_undo(config: Config, protocols: tuple[str, ...], as_json: bool) -> None:
    """Go back to what the policies of PROTOCOLS were before their plans, at once."""
    _ask(config, UndoPlan(protocols=_named(protocols)), as_json)


@rollout.command("move")
@protocol_argument
@click.option("--at", "date", type=Date(), required=True, help="When to start, such as 2027-01-31T03:00.")
@as_json_option
@pass_config
def rollout_move(config: Config, protocols: tuple[str, ...], date: float, as_json: bool) -> None:
    """Give the plans of PROTOCOLS, which have not started, another date."""
    _ask(config, MovePlan(protocols=_named(protocols), date=date), as_json)


@click.command()
@click.argument("token", required=False)
@click.option("--cancel", is_flag=True, help="Undo the change of TOKEN at once instead.")
@as_json_option
@pass_config
def confirm(config: Config, token: str | None, cancel: bool, as_json: bool) -> None:
    """Say that a change stays that would undo itself: that of TOKEN, or the only one."""
    if cancel:
        if token is None:
            raise click.UsageError("--cancel needs the TOKEN of the change")
        cancelled = agent(config).ask(CancelChange(token=token))
        print_json(cancelled) if as_json else click.echo(f"undone: {'; '.join(cancelled.undone) or 'nothing'}")
        return
    confirmed = agent(config).ask(ConfirmChange(token=token))
    print_json(confirmed) if as_json else click.echo(f"{confirmed.token} stays")


def say_token(token: str | None) -> None:
    """Say that a change undoes itself unless it is confirmed."""
    if token:
        click.echo(f"undoes itself unless you say in time: wicket confirm {token}", err=True)


def say_plans(plans: Sequence[PlanState]) -> None:
    """Print plans as a table."""
    if not plans:
        click.echo("there is no plan", err=True)
        return
    columns = ("protocol", "stage", "share", "next", "in", "would refuse", "shares", "why")
    print_table("plans", columns, [_row(plan) for plan in plans])


def _row(plan: PlanState) -> tuple[object, ...]:
    when = f"{plan.left_s:,.0f} s"
    if plan.date is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(plan.date))
    following = "-" if plan.next_share is None else f"{plan.next_share} %"
    shares = ",".join(map(str, plan.shares))
    return (plan.protocol, plan.stage, f"{plan.share} %", following, when, _refused(plan.preview), shares, plan.why)


def _refused(preview: Preview | None) -> str:
    """Return what the next share would have refused, in packets a second of the last day."""
    if preview is None:
        return "-"
    return "not known" if preview.day is None else f"{preview.day:.2f}/s"


def _named(protocols: Sequence[str]) -> list[str]:
    return list(VPN_PROTOCOLS) if ALL in protocols else list(dict.fromkeys(protocols))


def _ask(config: Config, order: Order[Plans], as_json: bool) -> None:
    done = agent(config).ask(order)
    if as_json:
        print_json(done)
        return
    say_plans(done.plans)
    say_token(done.token)
