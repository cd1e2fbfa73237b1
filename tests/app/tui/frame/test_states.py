from typing import get_args

from app.background import tasks
from app.tui.frame.wording import STATES
from core.runs.status import State


def test_every_state_has_a_sign_of_its_own() -> None:
    states = [*get_args(State), *set(get_args(tasks.State)) - set(get_args(State))]
    signs = [STATES[state][0] for state in states]
    assert len(set(signs)) == len(signs)
