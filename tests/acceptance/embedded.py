"""The embedded softswitch, run alone (`cti softswitch`) as FreeSWITCH is: a process with ports of its own."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from cti.esl.driver import Address
from tests.acceptance.freeswitch import CONFIG, HEARTBEAT, FreeSwitch
from tests.acceptance.programs import free_port, rtp_ports


class Embedded(FreeSwitch):
    """Behaves to the tests as a FreeSwitch does."""

    def __init__(self, folder: Path, agents: Mapping[str, str]) -> None:
        self.address = Address("127.0.0.1", free_port())
        self.internal_port = free_port()
        self.external_port = free_port()
        self.log = folder / "output"
        self.recordings = folder / "recordings"
        self.fallback = str(CONFIG / "sounds" / "fallback.wav")
        self._folder = folder
        self._process = None
        for name in ("recordings", "secrets", "routing"):
            (folder / name).mkdir()
        (folder / "routing" / "agents.yaml").write_text("agents: {}\n")
        first, last = rtp_ports()
        self._environment = {
            "CTI_SECRETS_DIR": str(folder / "secrets"),
            "CTI_AGENTS__PASSWORDS": json.dumps(dict(agents)),
            "CTI_ESL__NODES__MAIN__PORT": str(self.address.port),
            "CTI_SOFTSWITCH__INTERNAL_PORT": str(self.internal_port),
            "CTI_SOFTSWITCH__EXTERNAL_PORT": str(self.external_port),
            "CTI_SOFTSWITCH__RTP_FIRST": str(first),
            "CTI_SOFTSWITCH__RTP_LAST": str(last),
            "CTI_SOFTSWITCH__MUSIC": str(CONFIG / "sounds" / "moh"),
            "CTI_SOFTSWITCH__FALLBACK": str(CONFIG / "sounds" / "fallback.wav"),
            "CTI_SOFTSWITCH__HEARTBEAT": f"{HEARTBEAT}s",
        }

    def _command(self) -> list[str | Path]:
        return [Path(sys.executable).with_name("cti"), "softswitch", "--config", CONFIG.parent / "cti.yaml"]
