"""The embedded switch's Event Socket: foreign clients get along with it, and bad ones do it no harm."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cti.esl import connection
from cti.esl.commands import Api, Auth, Events, Execute, Filter, FilterDelete, NoEvents, SendEvent, new_uuid
from cti.esl.driver import Address
from cti.esl.errors import AuthRejected
from cti.softswitch.switch import Options, Switch

PASSWORD = "a-word"


@asynccontextmanager
async def running(heartbeat: float = 0.05) -> AsyncIterator[Switch]:
    options = Options(internal_port=0, external_port=0, esl_port=0, esl_password=PASSWORD, heartbeat=heartbeat)
    switch = Switch(options)
    await switch.start()
    try:
        yield switch
    finally:
        await switch.close()


@asynccontextmanager
async def signed_in(switch: Switch) -> AsyncIterator[connection.AsyncioConnection]:
    async with await connection.connect(Address("127.0.0.1", switch.esl_port), Auth(PASSWORD)) as esl:
        yield esl


FOREIGN = """
import json, sys
from gevent.event import Event
from greenswitch import InboundESL
beat, custom = Event(), Event()
seen = {}
client = InboundESL("127.0.0.1", int(sys.argv[1]), "a-word")
client.register_handle("HEARTBEAT", lambda event: (seen.update(event.headers), beat.set()))
client.register_handle("cti::test", lambda event: (seen.update(event.headers), custom.set()))
client.connect()
answers = [client.send("api status").data, client.send("api nosuch").data, client.send("nosuch").data]
client.send("event plain HEARTBEAT CUSTOM cti::test")
beat.wait(5)
client.send("sendevent CUSTOM\\nEvent-Subclass: cti::test\\nwho: 张三")
custom.wait(5)
job = client.send("bgapi create_uuid\\nJob-UUID: my-job")
client.stop()
print(json.dumps([answers, seen.get("Event-Info"), seen.get("who"), job.headers["Job-UUID"]]))
"""


async def test_greenswitch_as_a_foreign_client() -> None:
    async with asyncio.timeout(20), running() as switch:
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FOREIGN, str(switch.esl_port), stdout=asyncio.subprocess.PIPE
        )
        out, _ = await client.communicate()
    answers, info, who, job = json.loads(out)
    assert answers[0].startswith("UP 0 years")
    assert answers[1:] == ["-ERR nosuch Command not found!\n", "-ERR command not found"]
    assert (info, who, job) == ("System Ready", "张三", "my-job")


async def test_a_wrong_password_is_refused() -> None:
    async with running() as switch:
        with pytest.raises(AuthRejected):
            await connection.connect(Address("127.0.0.1", switch.esl_port), Auth("wrong"))


async def test_filters_are_alternatives_and_can_be_deleted() -> None:
    async with asyncio.timeout(10), running(heartbeat=60.0) as switch, signed_in(switch) as esl:
        await esl.send(Events([], ["cti::test"]))
        await esl.send(Filter("who", "a"))
        await esl.send(Filter("who", "b"))

        async def fire(*who: str) -> None:
            for one in who:
                await esl.send(SendEvent("CUSTOM", [("Event-Subclass", "cti::test"), ("who", one)]))

        await fire("a", "c", "b")
        assert [(await anext(esl.events)).get("who") for _ in range(2)] == ["a", "b"]
        await esl.send(FilterDelete("who", "a"))
        await fire("a", "b")
        assert (await anext(esl.events)).get("who") == "b"
        await esl.send(FilterDelete("all"))
        await fire("c")
        assert (await anext(esl.events)).get("who") == "c"
        await esl.send(NoEvents())
        await fire("c")
        await esl.send(Events(["HEARTBEAT"]))
        assert len(esl.events) == 0


async def test_plain_and_json_carry_the_same_values() -> None:
    async with (
        asyncio.timeout(10),
        running(heartbeat=60.0) as switch,
        signed_in(switch) as one,
        signed_in(switch) as two,
    ):
        await one.send(Events([], ["cti::test"], "plain"))
        await two.send(Events([], ["cti::test"], "json"))
        name = "张三, {evil}\t%0A~"
        await one.send(SendEvent("CUSTOM", [("Event-Subclass", "cti::test"), ("name", name)], "the body"))
        plain, as_json = await anext(one.events), await anext(two.events)
    assert as_json["name"] == name
    assert plain["name"] == name.replace("%0A", "\n")  # as FreeSWITCH: %XX is not encoded once more
    assert plain.body == as_json.body == "the body"
    assert plain["Event-Sequence"] == as_json["Event-Sequence"]


async def test_a_message_to_nobody_is_refused_with_freeswitchs_words() -> None:
    leg = new_uuid()
    async with asyncio.timeout(10), running() as switch, signed_in(switch) as esl:
        assert (await esl.send(Execute(leg, "park"))).text == f"-ERR invalid session id [{leg}]"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (Api("uuid_kill", ["x"]), "-ERR No such channel!\n"),
        (Api("uuid_exists", ["x"]), "false"),
        (Api("uuid_bridge", ["x", "y"]), "-ERR Invalid uuid\n"),
        (Api("uuid_dump", ["x"]), "-ERR No such channel!\n"),
        (Api("uuid_setvar_multi", ["x"], rest="a=b"), "-ERR No such channel!\n"),
        (Api("uuid_record", ["x", "start", "/tmp/x.wav"]), "-ERR Cannot locate session!\n"),
        (Api("sched_del", ["x"]), "+OK Deleted: 0\n"),
        (Api("show", ["channels", "as", "json"]), '{"row_count": 0}\n'),
        (Api("sofia_contact", ["internal/1001@cti.local"]), "error/user_not_registered"),
        (Api("originate", rest="user/9999 &park()"), "-ERR SUBSCRIBER_ABSENT\n"),
        (Api("originate", rest="sofia/gateway/none/138 &park()"), "-ERR INVALID_GATEWAY\n"),
        (
            Api("originate", rest="nonsense"),
            "-USAGE: <call url> <exten>|&<application_name>(<app_args>) [<dialplan>] [<context>]\n",
        ),
    ],
)
async def test_what_commands_about_nobody_say(command: Api, text: str) -> None:
    async with asyncio.timeout(10), running() as switch, signed_in(switch) as esl:
        assert (await esl.send(command)).text == text


@pytest.mark.parametrize(
    "noise",
    [b"\n" * 100_000, b"x" * 100_000, b"\0\xff\n\n", b"auth a-word\n\ncontent-length: 99\n\n", b"api status\n\n"],
)
async def test_noise_does_no_harm(noise: bytes) -> None:
    async with asyncio.timeout(10), running() as switch:
        reader, writer = await asyncio.open_connection("127.0.0.1", switch.esl_port)
        writer.write(noise)
        await writer.drain()
        assert (await reader.readuntil(b"\n\n")) == b"Content-Type: auth/request\n\n"
        writer.close()
        await writer.wait_closed()
        async with signed_in(switch) as esl:
            assert (await esl.send(Api("echo", rest="here"))).text == "here"


async def test_it_leaves_nothing_behind() -> None:
    before = asyncio.all_tasks()
    async with running() as switch, signed_in(switch) as esl:
        await esl.send(Api("status"))
    assert asyncio.all_tasks() == before
