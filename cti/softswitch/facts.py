"""What SIP says of calls and phones, under the names that FreeSWITCH gives it. None of it can be trusted."""

import time

from cti.softswitch.events import Header
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.registrar import Binding


def of_call(call: Call, profile: str) -> dict[str, str]:
    """The variables that a caller's INVITE sets."""
    variables = {
        "sip_from_user": call.from_user,
        "sip_from_display": call.from_display,
        "sip_from_host": call.from_.uri.host,
        "sip_from_uri": f"{call.from_user}@{call.from_.uri.host}",
        "sip_from_tag": call.from_tag,
        "sip_to_user": call.to_user,
        "sip_to_host": call.to.uri.host,
        "sip_req_user": call.req_uri.user or "",
        "sip_req_host": call.req_uri.host,
        "sip_call_id": call.sip_call_id,
        "sip_full_from": call.full_from,
        "sip_full_to": call.full_to,
        "sip_full_via": call.full_via,
        "sip_contact_uri": str(call.contact.uri) if call.contact else "",
        "sip_network_ip": call.network_addr,
        "sip_network_port": str(call.network_port),
        "sip_received_ip": call.network_addr,
        "sip_received_port": str(call.network_port),
        "sip_via_protocol": "udp",
        "sip_user_agent": call.user_agent,
        "sip_auth_username": call.auth_user,
        "sofia_profile_name": profile,
        "endpoint_disposition": "RECEIVED",
        "switch_r_sdp": call.remote_sdp.raw.decode("utf-8", "replace") if call.remote_sdp else "",
    }
    return {name: tame(value) for name, value in variables.items() if value}


def tame(text: str) -> str:
    """A caller's text as FreeSWITCH keeps it: nothing in it would ever be expanded (switch_var_clean_string)."""
    return text.replace("${", "%{")


def of_phone(binding: Binding, domain: str, status: str) -> list[Header]:
    """The headers of sofia::register, sofia::unregister and sofia::expire."""
    return [
        ("profile-name", "internal"),
        ("from-user", binding.user),
        ("from-host", domain),
        ("contact", str(binding.contact)),
        ("call-id", binding.call_id),
        ("status", status),
        ("expires", str(binding.expires)),
        ("to-user", binding.user),
        ("to-host", domain),
        ("network-ip", binding.source[0]),
        ("network-port", str(binding.source[1])),
        ("username", binding.user),
        ("realm", domain),
        ("user-agent", binding.user_agent),
    ]


def registration(binding: Binding, domain: str, now: float) -> dict[str, str]:
    """A row of ``show registrations``; `now` is the event loop's clock."""
    return {
        "reg_user": binding.user,
        "realm": domain,
        "token": binding.call_id,
        "url": f"sofia/internal/{binding.uri}",
        "expires": str(int(time.time() + binding.until - now)),
        "network_ip": binding.source[0],
        "network_port": str(binding.source[1]),
        "network_proto": "udp",
    }
