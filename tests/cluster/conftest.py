"""The journeys' desk, on two web servers and two workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import sessionmaker

from invoicing.accounts.models import Role
from invoicing.database import make_engine, transaction
from invoicing.sellers.models import Region
from lettrine.catcher import start
from tests.cluster.hosts import Installation, installation
from tests.cluster.postgres import cluster
from tests.conftest import JOURNAL_KEY
from tests.e2e.conftest import Desk, chrome, protect, walker
from tests.factories import make_organisation, make_seller, make_user

__all__ = ["chrome", "walker"]


@pytest.fixture(scope="session")
def running_desk(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[tuple[Desk, Installation]]:
    """Four processes, with two sellers and one user per staff role."""
    catcher = start()
    with cluster() as server, installation(server, tmp_path_factory.mktemp("hosts"), catcher.smtp_port) as made:
        engine = make_engine(server.url)
        sessions = sessionmaker(engine, info={"journal_key": JOURNAL_KEY.encode()})
        with transaction(sessions) as session:
            make_organisation(session)
            sellers = {region: make_seller(session, region).id for region in Region}
            staff = {r: make_user(session, r, password_hash=password_hash).email for r in Role if r != Role.member}
        protect(sessions, made.settings, staff.values())
        yield Desk(made.url, catcher, sessions, staff, sellers), made
        engine.dispose()
    catcher.stop()


@pytest.fixture(scope="session")
def desk(running_desk: tuple[Desk, Installation]) -> Desk:
    """What the journeys ask for."""
    return running_desk[0]


@pytest.fixture(scope="session")
def hosts(running_desk: tuple[Desk, Installation]) -> Installation:
    """The processes."""
    return running_desk[1]


@pytest.fixture
def scripted() -> bool:
    """How the pages look was looked at before, on one process."""
    return False
