import subprocess
import sys

import pytest

from photochrom.errors import ModelError
from photochrom.models import catalog


def test_names_are_networks_only() -> None:
    names = catalog.names()
    assert "autochrome" in names
    assert not {"spec", "blocks", "catalog", "backbones", "__init__"} & set(names)
    assert names == sorted(names)


def test_unknown_network_is_told_which_there_are() -> None:
    with pytest.raises(ModelError, match=r"^nonesuch: no such network; there are .*autochrome"):
        catalog.spec("nonesuch")


@pytest.mark.parametrize("name", ["spec", "blocks", "../models/autochrome", ""])
def test_what_is_no_network_is_refused(name: str) -> None:
    with pytest.raises(ModelError):
        catalog.spec(name)


def test_listing_imports_no_torch() -> None:
    program = (
        "import sys; from photochrom.models import catalog; catalog.names();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
