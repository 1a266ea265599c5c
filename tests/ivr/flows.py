"""Flows that several tests walk."""

import yaml

from cti.ivr.steps import Flow

SERVICE = """
flow: service
start: open
steps:
  open: {hours: service_desk, open: notice, closed: closed}
  notice: {notice: service, then: repeat}
  repeat: {check: calls today >= 3, then: specialist, else: menu}
  menu:
    menu: "您好，这里是{hotline.name}。维修请按1，订单请按2，人工服务请按0。"
    keys: {1: repair, 2: orders, 0: repair}
    wait: 5s
    retries: 2
    otherwise: repair
  repair: {queue: service, survey: satisfaction}
  orders: {queue: orders}
  specialist: {queue: complaints}
  closed: {say_hours: service_desk, then: after}
  after:
    menu: "留言请按1，预约回电请按2。"
    keys: {1: message, 2: callback}
    otherwise: bye
  message: {voicemail: service, then: bye}
  callback: {callback: service, then: bye}
  bye: {play: "感谢您的来电，再见。", then: hangup}
"""

EVERY_VERB = """
flow: everything
start: hours
steps:
  hours: {hours: desk, open: notice, closed: say_hours}
  say_hours: {say_hours: desk, then: message}
  notice: {notice: recall, then: language}
  language:
    menu: {zh-CN: "中文请按1。", en: "For English press 2."}
    keys: {1: order, 2: english, 0: wait, "*": language}
    invalid: "没有这个选项。"
    otherwise: order
  english: {set: {language: en}, then: order}
  order:
    collect: {zh-CN: "请输入订单号，按井号键结束。", en: "Enter your order number, then press pound."}
    into: order
    digits: 4-8
    confirm: {zh-CN: "您输入的是{order}，正确请按1，重新输入请按2。", en: "You entered {order}. If so, press 1."}
    then: ask
    otherwise: wait
  ask:
    http:
      url: "https://crm.example/orders/{order}"
      send: {caller: "{caller.number}"}
      take: {state: order.state}
      within: 2s
    then: level
    otherwise: wait
  level: {set: {level: "{state}"}, then: vip}
  vip: {check: caller in vip, then: wait, else: told}
  told: {play: "订单状态：{state}。", then: count}
  count: {say: {number: "{calls_today}"}, then: again}
  again: {goto: language}
  wait:
    queue: service
    survey: satisfaction
    keys: {1: message, 2: callback, 3: mobile}
    then: score
  message: {voicemail: service, then: score}
  callback: {callback: service, then: score}
  mobile: {transfer: "13800138000", then: message}
  score: {survey: "请打分。", keys: 1-5, then: end}
  end: {hangup: true}
"""


def read_flow(text: str) -> Flow:
    """The flow that a file with this text is."""
    return Flow.model_validate(yaml.safe_load(text))
