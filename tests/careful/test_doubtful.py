"""Very wide, private and unrouted prefixes need to be said; nothing of what is refused for one is done."""

import pytest

from control.fault import Kind, Refused
from lab.limits import UNLIMITED
from tests.careful.guarded import change, guarded, push, ten
from tests.edge.place import Place, listed

pytestmark = pytest.mark.usefixtures("copied_program")


@pytest.mark.parametrize("prefix", ["10.0.0.1", "127.0.0.0/8", "fd00::1", "8.0.0.0/8", "2000::/16", "169.254.1.0/24"])
def test_a_doubtful_prefix_needs_to_be_said(place: Place, prefix: str) -> None:
    with place.edge() as edge:
        push(edge, ten())
        before = edge.list.state.local
        more = listed([prefix, "192.0.2.77"])
        for attempt in (change, push):
            with pytest.raises(Refused) as refused:
                attempt(edge, more)
            assert (refused.value.kind, prefix in refused.value.faults[0].why) == (Kind.BAD_LIST, True)
            assert "--doubtful" in refused.value.faults[0].mend
        assert edge.list.state.local == before
        assert change(edge, more, dry_run=True).warnings
        assert change(edge, more, doubtful=True).added == 2
        assert change(edge, more).warnings == [], "what is on the list is not doubted again"


def test_a_lab_may_say_so_once(place: Place) -> None:
    with Place(guarded(place.config, UNLIMITED)).edge() as edge:
        assert change(edge, listed(["10.0.0.1"])).added == 1
