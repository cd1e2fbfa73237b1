import pytest
import torch

from core.device import choose_device
from core.errors import ResourceError, UsageError


def test_known_devices() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["gpu", "", "meta", "cuda:x"])
def test_unknown_devices(name: str) -> None:
    with pytest.raises(UsageError, match="use auto, cpu, cuda or cuda:N"):
        choose_device(name)


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(ResourceError, match="device cuda:99 is not available here: use --device cpu"):
        choose_device("cuda:99")
