"""The files of a very large centre, believable and always the same: for measuring how fast they are checked."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PRODUCTS = (
    *("fridge", "freezer", "washer", "dryer", "dishwasher", "oven", "hob", "hood", "kettle", "toaster", "blender"),
    *("rice_cooker", "microwave", "vacuum", "iron", "fan", "heater", "air_conditioner", "purifier", "humidifier"),
    *("television", "speaker", "camera", "phone", "tablet", "laptop", "printer", "router", "watch", "massage_chair"),
)
TASKS = {
    "orders": "订购",
    "delivery": "配送",
    "install": "安装",
    "repair": "维修",
    "refund": "退款",
    "complaint": "投诉",
}
LANGUAGES = {"mandarin": "普通话", "cantonese": "粤语", "hokkien": "闽南语", "english": "英语", "uyghur": "维吾尔语"}
CITIES = ("北京", "上海", "广州", "深圳", "成都", "武汉", "西安", "沈阳", "杭州", "昆明")
STRATEGIES = ("longest_idle", "longest_idle", "round_robin", "fewest_calls", "least_occupied", "most_skilled")
FAMILY, GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚玲桂丹萍鹏华红玉兰飞",
)
CALENDARS = 20
FLOWS = 120
DESKS = 6
"""Skill groups in a city, each with its share of the queues."""


@dataclass(frozen=True, slots=True)
class _Queue:
    name: str
    shown: str
    language: str
    skill: str
    group: str


def write_files(folder: Path, hotlines: int, queues: int, agents: int) -> tuple[Path, Path]:
    """Writes routing/ and ivr_flows/ and gives the two folders."""
    routing, flows = folder / "routing", folder / "ivr_flows"
    routing.mkdir()
    flows.mkdir()
    chance = random.Random(4008008008)
    all_queues = [_queue(number) for number in range(queues)]
    _write(routing / "hotlines.yaml", _hotlines(hotlines))
    _write(routing / "hours.yaml", _hours())
    _write(routing / "skills.yaml", _skills())
    _write(routing / "agents.yaml", _agents(agents, all_queues, chance))
    _write(routing / "queues.yaml", _queues(all_queues, chance))
    _write(routing / "escalation.yaml", _escalation(all_queues))
    _write(routing / "callers.yaml", _callers())
    for number in range(FLOWS):
        _write(flows / f"flow_{number}.yaml", _flow(number, all_queues))
    return routing, flows


def _write(path: Path, lines: Iterator[str]) -> None:
    path.write_text("\n".join(lines) + "\n", "utf-8")


def _queue(number: int) -> _Queue:
    task = list(TASKS)[number % len(TASKS)]
    product = PRODUCTS[number // len(TASKS) % len(PRODUCTS)]
    language = list(LANGUAGES)[number // 7 % len(LANGUAGES)] if number % 7 == 0 else "mandarin"
    city = number % len(CITIES)
    group = f"city_{city}_desk_{number // len(CITIES) % DESKS}"
    return _Queue(
        f"{task}_{product}_{number}", f"{CITIES[city]}{TASKS[task]}{number}", language, f"{task}_{product}", group
    )


def _hotlines(count: int) -> Iterator[str]:
    yield "hotlines:"
    for number in range(count):
        yield f"  {CITIES[number % len(CITIES)]}服务热线{number}:"
        yield f'    numbers: ["400{8000000 + number}", "021{50000000 + number}"]  # 400 and its local number'
        yield f"    flow: flow_{number % FLOWS}"
        yield f"    hours: desk_{number % CALENDARS}"
        yield f"    language: {'en' if number % 50 == 0 else 'zh-CN'}"
        yield f"    record: {'false' if number % 20 == 0 else 'true'}"


def _hours() -> Iterator[str]:
    yield "hours:"
    for number in range(CALENDARS):
        yield f"  desk_{number}:"
        yield "    timezone: Asia/Shanghai"
        yield "    weekly:"
        yield f'      mon-fri: ["{7 + number % 3:02}:00-12:00", "13:00-{17 + number % 5}:30"]'
        yield f'      sat: ["10:00-{14 + number % 4}:00"]'
        yield "    holidays: CN"
        yield "    exceptions:"
        yield f'      2026-12-{10 + number}: ["09:00-12:00"]'
        yield "      2027-02-05..2027-02-11: closed"


def _skills() -> Iterator[str]:
    yield "skills:"
    yield from (f"  {name}: {shown}" for name, shown in LANGUAGES.items())
    yield from (f"  {task}_{product}: {shown} {product}" for task, shown in TASKS.items() for product in PRODUCTS)
    yield "groups:"
    yield from (f"  city_{n}_desk_{desk}: {city}{desk + 1}组" for n, city in enumerate(CITIES) for desk in range(DESKS))


def _agents(count: int, queues: list[_Queue], chance: random.Random) -> Iterator[str]:
    yield "defaults:"
    yield "  wrap_up: 15s"
    yield "  ring: 20s"
    yield "agents:"
    for number in range(count):
        own = [queues[number % len(queues)], *chance.sample(queues, 2)]
        skills = {"mandarin": chance.randint(3, 5)} | {queue.language: 4 for queue in own}
        skills |= {queue.skill: chance.randint(3, 5) for queue in own}
        yield f'  "{10_000 + number}":'
        yield f"    name: {chance.choice(FAMILY)}{chance.choice(GIVEN)}{chance.choice(GIVEN)}"
        yield f"    groups: [{', '.join(dict.fromkeys(queue.group for queue in own))}]"
        yield f"    skills: {{{', '.join(f'{skill}: {level}' for skill, level in skills.items())}}}"
        if number % 10 == 0:
            yield f"    prefers: [{own[0].name}]"
        if number % 25 == 0:
            yield "    wrap_up: 1m30s"


def _queues(queues: list[_Queue], chance: random.Random) -> Iterator[str]:
    yield "rules: {ageing: 60s, vip: 3, rest: 5s, no_answers: 3}"
    yield "queues:"
    for number, queue in enumerate(queues):
        yield f"  {queue.name}:"
        yield f"    name: {queue.shown}"
        yield f"    groups: [{queue.group}]"
        yield f"    needs: {{{queue.language}: 3, {queue.skill}: 3}}"
        yield "    relax:                        # the longer the wait, the wider the net"
        yield f"      - {{after: 60s, needs: {{{queue.language}: 3}}}}"
        yield f"    strategy: {chance.choice(STRATEGIES)}"
        yield f"    priority: {chance.randint(0, 9)}"
        yield "    sticky: 15s"
        yield "    service_level: {within: 20s, target: 80%}"
        yield f"    limits: {{waiting: {chance.randint(20, 90)}, wait: 30m, then: voicemail {queue.name}}}"
        yield "    announce: {position: every 45s, estimated_wait: true, offer_callback_after: 90s}"
        yield "    overflow:"
        yield "      - when: no agents signed in"
        yield f"        to: voicemail {queue.name}"
        if number + 1 < len(queues):
            yield "      - when: no agents available and waited > 30s"
            yield f"        to: queue {queues[number + 1].name}"
        yield "      - when: waited > 15m"
        yield f"        to: voicemail {queue.name}"


def _escalation(queues: list[_Queue]) -> Iterator[str]:
    complaints = next(queue.name for queue in queues if queue.skill.startswith("complaint"))
    yield "escalation:"
    yield "  - when: calls today >= 3"
    yield f"    to: queue {complaints}"
    yield "  - when: talk > 10m"
    yield "    tell: agent, supervisors"
    yield f"    offer: queue {complaints}"


def _callers() -> Iterator[str]:
    yield "region: CN"
    yield "lists:"
    yield "  vip:"
    yield from (f'    - "138{10_000_000 + 7919 * number}"' for number in range(2_000))
    yield '  blacklist: ["+8617*"]'


def _flow(number: int, queues: list[_Queue]) -> Iterator[str]:
    """A notice, repeat callers to a person, two menus, and what is said when nobody is there."""
    queues = queues[number::FLOWS] or queues[-1:]
    choices = {key: queues[key % len(queues)].name for key in range(1, 5)}
    yield f"flow: flow_{number}"
    yield "start: open"
    yield "steps:"
    yield f"  open: {{hours: desk_{number % CALENDARS}, open: notice, closed: closed}}"
    yield f"  notice: {{notice: flow_{number}, then: repeat}}"
    yield "  repeat: {check: calls today >= 3, then: person, else: menu}"
    yield "  menu:"
    yield '    menu: "您好，这里是{hotline.name}。订购请按1，维修请按2，其他业务请按3，人工服务请按0。"'
    yield "    keys: {1: queue_1, 2: queue_2, 3: more, 0: person}"
    yield "    wait: 5s"
    yield "    retries: 2"
    yield "    otherwise: person"
    yield "  more:"
    yield '    menu: "配送请按1，退款请按2，结束请按9，人工服务请按0。"'
    yield "    keys: {1: queue_3, 2: queue_4, 9: goodbye, 0: person}"
    yield "    otherwise: person"
    yield from (f"  queue_{key}: {{queue: {name}}}" for key, name in choices.items())
    yield f"  person: {{queue: {queues[0].name}}}"
    yield f"  closed: {{say_hours: desk_{number % CALENDARS}, then: after}}"
    yield "  after:"
    yield '    menu: "留言请按1，预约回电请按2。"'
    yield "    keys: {1: message, 2: callback}"
    yield "    otherwise: goodbye"
    yield f"  message: {{voicemail: {queues[0].name}, then: goodbye}}"
    yield f"  callback: {{callback: {queues[0].name}, then: goodbye}}"
    yield '  goodbye: {play: "感谢您的来电，再见。", then: hangup}'
