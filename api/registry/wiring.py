"""The registry's part of the application: its database, who may ask and how often, and its endpoints."""

from apiflask import APIFlask
from werkzeug.routing import BaseConverter

from api.kit import shared
from api.kit.door import Doorkeeper
from api.kit.throttle import Throttle
from api.kit.token import TokenSource
from api.registry import (
    applications,
    audit,
    changes,
    check,
    edges,
    intents,
    jobs,
    orders,
    overview,
    persons,
    policy,
    providers,
    registrants,
    registrations,
    tokens,
)
from api.registry.desk import store
from api.registry.desk.uses import Uses
from api.registry.metrics import RegistryMetrics
from control.config import Config
from control.registry.audit import anchors
from control.registry.jobs.calendar import Housekeeping
from control.registry.jobs.worker import Worker
from control.registry.store import ids
from control.registry.store.database import open_database
from control.registry.store.engines import AT_THE_DOOR

SUBJECTS = (
    registrants,
    applications,
    registrations,
    intents,
    providers,
    persons,
    tokens,
    jobs,
    audit,
    changes,
    edges,
    overview,
)


class IdConverter(BaseConverter):
    """An id in a path, as ``control.registry.store.ids`` makes it: of anything else there is no such path."""

    regex = ids.PATTERN


def worker(app: APIFlask, config: Config) -> Worker:
    """Return what does the registry's jobs, and what time brings, beside the requests of one process.

    It has a database of its own, which is more patient than one at the door, and maybe a login of its own.
    """
    database, uses = open_database(config, url=config.registry_worker_url), app.extensions[store.USES]
    return Worker(database, Housekeeping(database, anchors.directory_of(config.state_dir), uses.flush))


def register(app: APIFlask, config: Config, token: TokenSource) -> None:
    """Serve the registry: make its tables unless they are there, and hold every request to scopes and rates.

    The endpoints that there are without a registry too ask it as the application's ``Registry``.

    Raises:
        Refused: "bad-configuration", "unavailable" or "no-room".
    """
    database = open_database(config, AT_THE_DOOR)
    try:
        database.upgrade()
    finally:
        database.close()  # the processes that are forked from here on open their own connections
    app.extensions[store.EXTENSION] = database
    app.extensions[store.USES] = Uses()
    app.extensions[shared.EXTENSION] = shared.Registry(
        store.demand, check.check, policy.change, RegistryMetrics(database), orders.note
    )
    throttle = Throttle(config.registry)
    door = Doorkeeper(config.api.listen, token, store.recognise, store.audit_refusal)
    for demand in (throttle.by_address, door.check, throttle.by_token):
        app.before_request(demand)
    app.after_request(store.show_news)
    app.url_map.converters["id"] = IdConverter
    for subject in SUBJECTS:
        app.register_blueprint(subject.blueprint)
