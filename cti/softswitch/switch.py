"""The embedded softswitch: SIP on one side, the Event Socket on the other, legs in between.

For trials, demonstrations and tests; not for production. Everything runs in one event loop.
"""

import asyncio
import time
import uuid
import zlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cti.softswitch import api, facts, life, originate
from cti.softswitch.channel import STATE_NUMBERS, Bridge, CallState, Channel, HangUp, Profile, Transfer, now_us
from cti.softswitch.dialplan import Actions, Dialplan, route
from cti.softswitch.eslserver import EslServer
from cti.softswitch.events import EventSource, Header, SwitchEvent
from cti.softswitch.rtp.codec import PCMA, PCMU
from cti.softswitch.rtp.engine import MediaEngine
from cti.softswitch.rtp.recorder import Layout
from cti.softswitch.rtp.sources import Library
from cti.softswitch.rtp.supervision import Mode
from cti.softswitch.sip import sdp
from cti.softswitch.sip.address import Address, NameAddr
from cti.softswitch.sip.agent import Options as SipOptions
from cti.softswitch.sip.agent import UserAgent
from cti.softswitch.sip.call import Call
from cti.softswitch.sip.digest import Secret
from cti.softswitch.sip.errors import SipError
from cti.softswitch.sip.handler import Ending, Handler
from cti.softswitch.sip.registrar import Binding


@dataclass(frozen=True, slots=True)
class Options:
    """What can be set about the softswitch. Port 0 chooses a free one."""

    host: str = "127.0.0.1"
    domain: str = "cti.local"
    internal_port: int = 5060
    external_port: int = 5080
    esl_host: str = "127.0.0.1"
    esl_port: int = 8021
    esl_password: str = "ClueCon"  # noqa: S105 (FreeSWITCH's default; loopback only)
    rtp_ports: range = range(30000, 32000)
    phones: Mapping[str, str] = field(default_factory=dict)
    """SIP password by user."""
    sounds: Path = Path("sounds")
    music: Mapping[str, Path | str] = field(default_factory=dict)
    """Folders or tones of local_stream://NAME."""
    dialplan: Dialplan = field(default_factory=Dialplan)
    heartbeat: float = 20.0
    max_sessions: int = 1000


class Switch(Handler):
    """Built, started and closed by whoever runs it; the rest happens by calls and commands."""

    def __init__(self, options: Options, log: Callable[[str], None] = lambda line: None) -> None:
        self.options = options
        self.dialplan = options.dialplan
        self.channels: dict[str, Channel] = {}
        self.max_sessions = options.max_sessions
        self.sessions = 0
        self.peak = 0
        self.started = time.monotonic()
        self.log = log
        self.media = MediaEngine(options.host, options.rtp_ports)
        self.library = Library(self.media.slot, options.sounds, options.music)
        self.esl_port = 0
        self._events = EventSource(self.new_uuid())
        self._esl = EslServer(self, options.esl_password)
        self._by_call: dict[str, Channel] = {}
        self._attempts: dict[str, originate.Attempt] = {}
        self._timers: dict[str, list[asyncio.TimerHandle]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        sip = SipOptions(realm=options.domain, max_calls=options.max_sessions)
        self._internal = UserAgent("internal", options.host, options.internal_port, self._secret, self, sip)
        self._external = UserAgent("external", options.host, options.external_port, None, self, sip)

    async def start(self) -> None:
        """Opens the ports. Raises OSError when one is taken."""
        self.media.start()
        try:
            await self._internal.open()
            await self._external.open()
            self.esl_port = await self._esl.start(self.options.esl_host, self.options.esl_port)
        except OSError:
            await self.close()
            raise
        self._run(self._beat())

    async def close(self) -> None:
        """Hangs up everything and closes the ports."""
        for channel in list(self.channels.values()):
            self.hang_up(channel, "SYSTEM_SHUTDOWN")
        await asyncio.gather(self._internal.leave(), self._external.leave())
        await self._esl.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.media.close()

    @property
    def internal_port(self) -> int:
        """Where agents' phones register."""
        return self._internal.local[1]

    @property
    def external_port(self) -> int:
        """Where trunks call."""
        return self._external.local[1]

    # --- small services for the rooms around -------------------------------------------------------------

    def new_uuid(self) -> str:
        """A fresh id."""
        return str(uuid.uuid4())

    def future(self) -> "asyncio.Future[Any]":
        """A future of the running loop."""
        return asyncio.get_running_loop().create_future()

    def make_event(self, name: str, headers: Sequence[Header], body: str = "", subclass: str = "") -> SwitchEvent:
        """An event of now, not sent."""
        return self._events.make(name, headers, body, subclass)

    def fire(
        self,
        name: str,
        channel: Channel,
        more: Sequence[Header] = (),
        *,
        first: Sequence[Header] = (),
        whole: bool = True,
    ) -> None:
        """Sends an event of a leg, with `first` before and `more` after what every one has."""
        self._esl.publish(self.make_event(name, [*first, *channel.headers(whole=whole), *more]))

    def set_state(self, channel: Channel, state: str) -> None:
        """Moves a leg to a state, with its event."""
        assert state in STATE_NUMBERS  # noqa: S101 (our own word)
        channel.state = state
        self.fire("CHANNEL_STATE", channel, whole=False)

    def set_call_state(self, channel: Channel, call_state: CallState, *, state: str = "") -> None:
        """Changes the call state, with its event; `state` is the channel state meanwhile."""
        if state:
            channel.state = state
        old, channel.call_state = channel.call_state, call_state
        first = [("Original-Channel-Call-State", old.name), ("Channel-Call-State-Number", str(call_state.value))]
        self.fire("CHANNEL_CALLSTATE", channel, first=first, whole=False)

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        """Sets a variable; an empty value removes it."""
        if not name:
            return
        if value:
            channel.variables[name] = value
        else:
            channel.variables.pop(name, None)

    def begin(self, channel: Channel, actions: Actions) -> None:
        """Starts a leg's own task."""
        channel.task = self._run(life.live(self, channel, actions))

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> "asyncio.Task[Any]":
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.log(f"a task of the softswitch failed: {task.exception()!r}")

    async def _beat(self) -> None:
        """HEARTBEAT, at the start and then every so often."""
        while True:
            up = int((time.monotonic() - self.started) * 1000)
            headers = [
                ("Event-Info", "System Ready"),
                ("Up-Time", f"{up // 1000} seconds"),
                ("FreeSWITCH-Version", "1.10 (embedded softswitch)"),
                ("Uptime-msec", str(up)),
                ("Session-Count", str(len(self.channels))),
                ("Max-Sessions", str(self.max_sessions)),
                ("Session-Per-Sec", "0"),
                ("Session-Since-Startup", str(self.sessions)),
                ("Session-Peak-Max", str(self.peak)),
                ("Idle-CPU", "0.0"),
            ]
            self._esl.publish(self.make_event("HEARTBEAT", headers))
            await asyncio.sleep(self.options.heartbeat)

    # --- what the Event Socket asks (eslserver.Backend) --------------------------------------------------

    async def api(self, name: str, argument: str) -> str:
        try:
            return await api.run(self, name, argument)
        except Exception as error:  # noqa: BLE001 (a command that fails must not take its client along)
            self.log(f"api {name} failed: {error!r}")
            return "-ERR the command failed, see the log of the softswitch\n"

    def start_job(self, job: str, name: str, argument: str) -> None:
        async def work() -> None:
            text = await self.api(name, argument)
            headers = [("Job-UUID", job), ("Job-Command", name)]
            headers += [("Job-Command-Arg", argument)] if argument else []
            self._esl.publish(self.make_event("BACKGROUND_JOB", headers, text))

        self._run(work())

    def send_message(self, leg: str, headers: dict[str, str], body: str) -> bool:
        channel = self.channels.get(leg)
        if channel is None:
            return False
        if body and headers.get("content-type") == "text/plain":
            headers.setdefault("execute-app-arg", body)
        channel.messages.put_nowait(headers)
        return True

    def send_event(self, name: str, headers: dict[str, str], body: str) -> str:
        event_uuid = self.new_uuid()
        if name == "NOTIFY":
            self._notify(headers)
        fields = [*headers.items(), ("Event-UUID", event_uuid)]
        self._esl.publish(self.make_event(name, fields, body, headers.get("event-subclass", "")))
        return event_uuid

    def _notify(self, headers: dict[str, str]) -> None:
        channel = self.channels.get(headers.get("uuid", ""))
        if channel is not None and channel.call is not None:
            channel.call.notify(headers.get("event-string", "talk"))

    # --- calls in (sip.handler.Handler) ------------------------------------------------------------------

    def incoming(self, call: Call) -> None:
        agent = bool(call.auth_user)
        profile_name = "internal" if agent else "external"
        name = facts.tame(f"sofia/{profile_name}/{call.from_.uri.user}@{call.from_.uri.host}")
        profile = Profile(
            caller_number=facts.tame(call.auth_user or call.from_user),
            caller_name=facts.tame(call.from_display or call.from_user),
            destination=facts.tame(call.req_uri.user or ""),
            network_addr=call.network_addr,
            username=call.auth_user or call.from_user,
            context="agents" if agent else "trunk",
        )
        channel = Channel(call.id, name, inbound=True, profile=profile)
        agreed = sdp.agree(call.remote_sdp) if call.remote_sdp is not None else None
        if call.remote_sdp is not None and agreed is None:
            call.reject(488)
            return
        channel.call = call
        channel.stream = self.media.open()
        self._listen(channel)
        channel.variables |= facts.of_call(call, profile_name)
        self._add(channel)
        self.set_state(channel, "CS_NEW")
        if agreed is not None:
            self._agreed(channel, agreed)
        self.set_state(channel, "CS_INIT")
        self.fire("CHANNEL_CREATE", channel)
        self.set_call_state(channel, CallState.RINGING, state="CS_ROUTING")
        self.set_state(channel, "CS_ROUTING")
        self.begin(channel, route(channel, self.dialplan))

    def confirmed(self, call: Call) -> None:
        channel = self._by_call.get(call.id)
        if channel is not None and not channel.codec and call.remote_sdp is not None:
            agreed = sdp.agree(call.remote_sdp)
            if agreed is None:
                self.hang_up(channel, "INCOMPATIBLE_DESTINATION")
            else:
                self._agreed(channel, agreed)

    def answer(self, channel: Channel) -> None:
        """200 OK to the caller; nothing when the leg is answered or outbound."""
        if channel.answered or not channel.inbound or channel.gone:
            return
        if not channel.call.answer(self._description(channel)):
            return
        self._answered(channel)

    def early_media(self, channel: Channel) -> None:
        """183 with our description, so that the caller hears what is played before the answer."""
        if channel.inbound and not channel.answered and not channel.times.progress_media and not channel.gone:
            channel.times.progress_media = now_us()
            channel.variables["endpoint_disposition"] = "EARLY MEDIA"
            channel.call.ring(self._description(channel))
            self.fire("CHANNEL_PROGRESS_MEDIA", channel)
            self.set_call_state(channel, CallState.EARLY)

    def refuse(self, channel: Channel, status: int) -> None:
        """A final SIP answer other than 200."""
        channel.call.reject(status)

    def _answered(self, channel: Channel) -> None:
        channel.answered = True
        channel.times.answered = now_us()
        channel.variables["endpoint_disposition"] = "ANSWER"
        self.fire("CHANNEL_ANSWER", channel)
        self.set_call_state(channel, CallState.ACTIVE)

    def _description(self, channel: Channel) -> bytes:
        """Our answer to what the caller offered; an offer when there was none."""
        theirs = channel.call.remote_sdp
        agreed = sdp.agree(theirs) if theirs is not None else None
        return self._offer(channel) if agreed is None else self._answer(channel, theirs, agreed)

    def _offer(self, channel: Channel, direction: sdp.Direction = sdp.Direction.SENDRECV) -> bytes:
        local, session, version = self._next_description(channel)
        return sdp.offer(local, session=session, version=version, direction=direction)

    def _answer(self, channel: Channel, offer: sdp.Description, agreed: sdp.Agreement) -> bytes:
        local, session, version = self._next_description(channel)
        return sdp.answer(offer, agreed, local, session=session, version=version)

    def _next_description(self, channel: Channel) -> tuple[Address, int, int]:
        """Where the leg's media is, the session's id, and its next version (RFC 3264, 8)."""
        channel.sdp_version += 1
        return (self.options.host, channel.stream.port), zlib.crc32(channel.uuid.encode()), channel.sdp_version

    def _agreed(self, channel: Channel, agreed: sdp.Agreement) -> None:
        """Points the stream at what both sides can do."""
        codec = PCMA if agreed.codec == "PCMA" else PCMU
        first = channel.codec != agreed.codec
        channel.codec = agreed.codec
        host, port = agreed.remote
        channel.stream.connect(
            host,
            port,
            codec,
            agreed.telephone_event,
            sending=agreed.direction.sends,
            receiving=agreed.direction.receives,
        )
        channel.variables |= {
            "remote_media_ip": host,
            "remote_media_port": str(port),
            "read_codec": agreed.codec,
            "write_codec": agreed.codec,
            "rtp_use_codec_name": agreed.codec,
            "dtmf_type": "rfc2833",
        }
        if first:
            for _ in ("read", "write"):
                self.fire("CODEC", channel, whole=False)

    def reinvite(self, call: Call, offer: sdp.Description | None) -> bytes | None:
        channel = self._by_call.get(call.id)
        if channel is None or channel.stream is None:
            return None
        if offer is None:
            return self._offer(channel)
        agreed = sdp.agree(offer)
        if agreed is None:
            return None
        self._agreed(channel, agreed)
        if channel.answered:
            self._held(channel, held=offer.hold or offer.direction is sdp.Direction.SENDONLY)
        return self._answer(channel, offer, agreed)

    def hold(self, channel: Channel, held: bool) -> bool:
        """Holds the far end by a re-INVITE, or takes it back; False when that cannot be or is so already."""
        if not channel.answered or channel.gone or held == (channel.call_state is CallState.HELD):
            return False
        direction = sdp.Direction.SENDONLY if held else sdp.Direction.SENDRECV
        try:
            if not channel.call.reinvite(self._offer(channel, direction)):
                return False
        except SipError as error:
            self.log(f"{channel.name}: {error}")
            return False
        self._held(channel, held=held)
        return True

    def _held(self, channel: Channel, *, held: bool) -> None:
        """Tells that a leg is held or taken back, when that is new; the other side hears music meanwhile."""
        if held == (channel.call_state is CallState.HELD):
            return
        now = now_us()
        if held:
            channel.times.last_hold = now
            self.set_call_state(channel, CallState.HELD)
            self.fire("CHANNEL_HOLD", channel)
        else:
            channel.times.hold_accum += now - channel.times.last_hold
            self.set_call_state(channel, CallState.UNHELD)
            self.fire("CHANNEL_UNHOLD", channel)
            self.set_call_state(channel, CallState.ACTIVE)
        other = channel.other
        if other is None or other.stream is None:
            return
        if held and "moh" in self.options.music:
            other.stream.play(self.library.source("local_stream://moh"))
        elif not held:
            other.stream.stop_play()

    def referred(self, call: Call, refer_to: NameAddr, referred_by: str | None) -> int:
        channel = self._by_call.get(call.id)
        if channel is None or channel.other is None or not refer_to.uri.user:
            return 603
        other = channel.other
        self.transfer(other, refer_to.uri.user, "agents")
        asyncio.get_running_loop().call_soon(call.transferred, 200)
        return 202

    def key(self, call: Call, digit: str, milliseconds: int) -> None:
        channel = self._by_call.get(call.id)
        if channel is not None:
            self.press(channel, digit, milliseconds * 8, "INFO")

    def press(self, channel: Channel, digit: str, duration: int, source: str) -> None:
        """A key of a leg: for what is being played, or whoever reads keys. `duration` in samples."""
        if channel.application[0] == "endless_playback" and channel.stop_playback is not None:
            return
        more = [("DTMF-Digit", digit), ("DTMF-Duration", str(duration)), ("DTMF-Source", source)]
        self.fire("DTMF", channel, more, whole=False)
        if channel.stop_playback is None or not channel.stop_playback(digit):
            channel.keys.put_nowait(digit)

    def ended(self, call: Call, ending: Ending) -> None:
        channel = self._by_call.pop(call.id, None)
        if channel is None:
            return
        attempt = self._attempts.pop(channel.uuid, None)
        self.hang_up(channel, ending.cause)
        if attempt is not None:
            attempt.ended(channel.cause)

    # --- calls out ---------------------------------------------------------------------------------------

    def targets(self, endpoint: str) -> list[originate.Target]:
        """Where the phones of a dial string's endpoint are. Raises originate.Failed."""
        kind, _, rest = endpoint.partition("/")
        if kind == "user":
            user = rest.partition("@")[0]
            bindings = self._internal.registrar.lookup(user)
            if not bindings:  # FreeSWITCH tells a phone that is off from a user who does not exist
                known = user in self.options.phones
                raise originate.Failed("USER_NOT_REGISTERED" if known else "SUBSCRIBER_ABSENT")
            return [originate.Target("internal", b.user, b.uri, b.source) for b in bindings]
        if kind == "sofia":
            profile, _, address = rest.partition("/")
            user, at, _ = address.partition("@")
            if profile in ("internal", "external") and at:
                return [
                    originate.Target(profile, user.removeprefix("sip:"), f"sip:{address.removeprefix('sip:')}", None)
                ]
            raise originate.Failed("INVALID_GATEWAY" if profile == "gateway" else "INVALID_PROFILE")
        raise originate.Failed("CHAN_NOT_IMPLEMENTED")

    def add_outbound(self, channel: Channel, attempt: originate.Attempt) -> None:
        """A leg that is about to ring."""
        channel.stream = self.media.open()
        self._listen(channel)
        self._attempts[channel.uuid] = attempt
        self._add(channel)

    def send_invite(
        self, channel: Channel, target: originate.Target, number: str, name: str, headers: list[Header]
    ) -> None:
        """Rings the leg's phone. What cannot be sent ends the leg."""
        agent = self._internal if target.profile == "internal" else self._external
        try:
            call = agent.invite(target.uri, number, name, self._offer(channel), headers, destination=target.destination)
        except SipError as error:
            self.log(f"{channel.name}: {error}")
            self._fail(channel, "NORMAL_TEMPORARY_FAILURE")
            return
        channel.call = call
        self._by_call[call.id] = channel
        channel.variables["sip_call_id"] = call.sip_call_id

    def _fail(self, channel: Channel, cause: str) -> None:
        attempt = self._attempts.pop(channel.uuid, None)
        self.hang_up(channel, cause)
        if attempt is not None:
            attempt.ended(cause)

    def progress(self, call: Call, status: int, description: sdp.Description | None) -> None:
        channel = self._by_call.get(call.id)
        if channel is not None and not channel.gone:
            agreed = sdp.agree(description) if description is not None else None
            if agreed is not None:
                self._agreed(channel, agreed)
            originate.rang(self, channel, media=agreed is not None)

    def answered(self, call: Call) -> None:
        channel = self._by_call.get(call.id)
        if channel is None or channel.gone:
            call.hangup()
            return
        agreed = sdp.agree(call.remote_sdp) if call.remote_sdp is not None else None
        if agreed is None:
            self._fail(channel, "INCOMPATIBLE_DESTINATION")
            return
        self._agreed(channel, agreed)
        self._answered(channel)
        attempt = self._attempts.pop(channel.uuid, None)
        if attempt is not None:
            attempt.answered()

    # --- orders to legs ------------------------------------------------------------------------------

    def transfer(self, channel: Channel, extension: str, context: str) -> None:
        """Sends a leg to an extension of the dialplan."""
        if not channel.gone:
            channel.profile.destination, channel.profile.context = extension, context
            channel.tell(Transfer())

    def bridge(self, lead: Channel, follower: Channel) -> None:
        """Connects two legs."""
        order = Bridge(lead, follower)
        lead.tell(order)
        follower.tell(order)

    # --- the end of a leg --------------------------------------------------------------------------------

    def hang_up(self, channel: Channel, cause: str) -> None:
        """Ends a leg, whatever it does; the first cause counts."""
        if channel.gone:
            return
        channel.cause = cause
        channel.times.hangup = now_us()
        self.fire("CHANNEL_HANGUP", channel)
        if channel.call is not None:
            channel.call.hangup(cause)
        channel.tell(HangUp())
        if channel.task is None:  # it rang and has no task of its own yet
            attempt = self._attempts.pop(channel.uuid, None)
            life.finish(self, channel)
            if attempt is not None:
                attempt.ended(cause)

    def forget(self, channel: Channel) -> None:
        """The leg is no more."""
        self.unschedule(channel.uuid)
        if channel.stream is not None:
            channel.stream.close()
            channel.stream.on_key = None
        if channel.call is not None:
            self._by_call.pop(channel.call.id, None)
        self.channels.pop(channel.uuid, None)
        channel.partner = None  # without circles it goes at once: the collector would stop the sound for 100 ms

    def _add(self, channel: Channel) -> None:
        self.channels[channel.uuid] = channel
        if channel.call is not None:
            self._by_call[channel.call.id] = channel
        self.sessions += 1
        self.peak = max(self.peak, len(self.channels))

    def _listen(self, channel: Channel) -> None:
        channel.stream.on_key = lambda digit, duration: self.press(channel, digit, duration, "RTP")

    # --- timers ------------------------------------------------------------------------------------------

    def schedule(self, channel: Channel, when: str, action: Callable[[], object]) -> None:
        """Does something to a leg at ``+SECONDS`` from now or at a time in seconds since 1970."""
        text = when.removeprefix("+")
        seconds = float(text) if text.isdecimal() else 0.0
        delay = seconds if when.startswith("+") else max(0.0, seconds - time.time())
        handle = asyncio.get_running_loop().call_later(delay, action)
        self._timers.setdefault(channel.uuid, []).append(handle)

    def schedule_transfer(self, channel: Channel, when: str, destination: str) -> None:
        """``EXTENSION [DIALPLAN [CONTEXT]]`` at a time."""
        words = destination.split()
        context = words[2] if len(words) > 2 else channel.profile.context
        self.schedule(channel, when, lambda: self.transfer(channel, words[0] if words else "", context))

    def unschedule(self, group: str) -> int:
        """Deletes what is scheduled for a leg; how much it was."""
        now = asyncio.get_running_loop().time()
        pending = [h for h in self._timers.pop(group, []) if not h.cancelled() and h.when() > now]
        for handle in pending:
            handle.cancel()
        return len(pending)

    # --- recordings, supervision -------------------------------------------------------------------------

    def start_recording(self, channel: Channel, path: str) -> bool:
        """Begins to record a leg; False when it is recorded there already, or the file cannot be written."""
        if channel.stream is None or path in channel.recordings:
            return False
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).open("ab").close()
        except OSError as error:
            self.log(f"{channel.name}: {path}: {error.strerror}")
            return False
        stereo = channel.variables.get("RECORD_STEREO") == "true"
        layout = Layout.STEREO if stereo else Layout.MIXED
        channel.recordings[path] = channel.stream.record(Path(path), layout)
        self.fire("RECORD_START", channel, [("Record-File-Path", path)])
        return True

    def stop_recording(self, channel: Channel, path: str) -> bool:
        """Ends a recording; ``all`` ends every one."""
        paths = list(channel.recordings) if path == "all" else [path]
        stopped = False
        for one in paths:
            recording = channel.recordings.pop(one, None)
            if recording is not None:
                recording.stop()
                stopped = True
                more = [("Record-File-Path", one), ("Record-Completion-Cause", "success-silence")]
                self.fire("RECORD_STOP", channel, more)
        return stopped

    def mask_recording(self, channel: Channel, path: str, *, masked: bool) -> bool:
        """Silences a stretch of a recording."""
        recording = channel.recordings.get(path)
        if recording is not None:
            recording.mask(masked)
        return recording is not None

    async def eavesdrop(self, channel: Channel, target: str) -> None:
        """The application: hears `target` until one of the two is gone; keys change who hears the supervisor."""
        listened = self.channels.get(target)
        if listened is None or listened.stream is None:
            return
        over = asyncio.Event()
        ears = self.media.eavesdrop(channel.stream, listened.stream, Mode.LISTEN, over.set)
        gone = asyncio.ensure_future(over.wait())
        try:
            while not gone.done():
                key = asyncio.ensure_future(channel.keys.get())
                await channel.wait(asyncio.wait({key, gone}, return_when=asyncio.FIRST_COMPLETED))
                if key.done():
                    ears.mode = _MODES.get(key.result(), ears.mode)
                else:
                    key.cancel()
        finally:
            gone.cancel()
            ears.stop()

    # --- phones ------------------------------------------------------------------------------------------

    def _secret(self, user: str) -> Secret | None:
        password = self.options.phones.get(user)
        return Secret(password=password) if password else None

    def contacts(self, user: str) -> list[str]:
        """How the phones of a user are reached."""
        return [f"sofia/internal/{binding.uri}" for binding in self._internal.registrar.lookup(user)]

    def profiles(self) -> list[tuple[str, str]]:
        """Name and address of the SIP ports."""
        agents = (self._external, self._internal)
        return [(agent.name, f"sip:mod_sofia@{agent.local[0]}:{agent.local[1]}") for agent in agents]

    def registrations(self) -> list[dict[str, str]]:
        """Rows of ``show registrations``."""
        now = asyncio.get_running_loop().time()
        return [facts.registration(binding, self.options.domain, now) for binding in self._internal.registrar]

    def registered(self, agent: UserAgent, binding: Binding) -> None:
        self._tell_phone("sofia::register", binding, "Registered(UDP)")

    def unregistered(self, agent: UserAgent, binding: Binding) -> None:
        self._tell_phone("sofia::unregister", binding, "Unregistered")

    def expired(self, agent: UserAgent, binding: Binding) -> None:
        self._tell_phone("sofia::expire", binding, "Expired")

    def unauthorized(self, agent: UserAgent, user: str, source: Address, method: str) -> None:
        headers = [("profile-name", agent.name), ("to-user", user), ("network-ip", source[0])]
        headers.append(("network-port", str(source[1])))
        self._esl.publish(self.make_event("CUSTOM", headers, subclass="sofia::register_failure"))

    def _tell_phone(self, subclass: str, binding: Binding, status: str) -> None:
        headers = facts.of_phone(binding, self.options.domain, status)
        self._esl.publish(self.make_event("CUSTOM", headers, subclass=subclass))


_MODES = {"0": Mode.LISTEN, "1": Mode.WHISPER_OTHER, "2": Mode.WHISPER, "3": Mode.BARGE}
