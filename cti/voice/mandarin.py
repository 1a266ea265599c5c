"""Figures and signs in a Chinese text, written out as people say them. Pure."""

import re
from typing import Final

EDITION: Final = 1
"""Counted up when a text would be read in another way."""

_FIGURES = "零一二三四五六七八九"
_MEASURES = "个位次天周年件台种名家只条张份项部本小点分秒遍倍块元"
"""What 2 is 两 before (个, 小时, 分钟, ...)."""
_UNITS = "个位次天周年件台种名家只条张份项部本小分秒遍倍层块元万亿人户台套公千米斤吨角"
"""After these a long figure is an amount, not a number to be dialled or written down."""
_NAMED = "(?:拨打|拨|致电|呼叫|电话|热线|号码|工号|编号|单号|订单号|验证码|密码|尾号)(?:是|为|：|:|，|\\s)*"
"""Before these it is never an amount."""
_SIGNS = {
    "#号": "井号",
    "*号": "星号",
    "#": "井号",
    "*": "星号",
    "&": "和",
    "+": "加",
    "=": "等于",
    "@": " at ",
    "℃": "摄氏度",
    "%": "百分号",
}
_PAUSES = str.maketrans(
    {",": "，", "!": "！", "?": "？", ";": "；", ":": "：", "/": "，", "\\": " ", "|": " ", "~": " "}
)


def cardinal(number: int) -> str:
    """An amount: 12 is 十二, 205 二百零五, 2000 两千."""
    if number >= 10**16:
        return figures(str(number))
    text, rest, zero = "", number, False
    for size, unit in ((10**12, "万亿"), (10**8, "亿"), (10**4, "万"), (1, "")):
        part, rest = divmod(rest, size)
        if not part:
            zero = bool(text)
            continue
        if text and (zero or part < 1000):
            text += "零"
        text += ("两" if part == 2 and unit else _thousands(part)) + unit
        zero = False
    text = text or "零"
    return text.removeprefix("一") if text.startswith("一十") else text


def _thousands(number: int) -> str:
    text, zero = "", False
    for size, unit in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        figure, number = divmod(number, size)
        if figure:
            text += (
                ("零" if zero and text else "") + ("两" if figure == 2 and size == 1000 else _FIGURES[figure]) + unit
            )
        zero = not figure
    return text


def figures(digits: str, one: str = "一") -> str:
    """Figure by figure, as in years; with 幺 as in telephone numbers."""
    return "".join(one if digit == "1" else _FIGURES[int(digit)] for digit in digits)


def _amount(text: str) -> str:
    whole, _, decimals = text.replace(",", "").partition(".")
    return cardinal(int(whole)) + (f"点{figures(decimals)}" if decimals else "")


def _date(match: re.Match[str]) -> str:
    year, month, day = match.groups()
    return f"{figures(year)}年{cardinal(int(month))}月{cardinal(int(day))}日"


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if hour > 24 or minute > 59:
        return match[0]
    said = "两点" if hour == 2 else f"{cardinal(hour)}点"
    if minute:
        said += f"{'零' if minute < 10 else ''}{cardinal(minute)}分"
    return said


def _phone(match: re.Match[str]) -> str:
    groups = match[0].lstrip("+").split("-")
    if sum(map(len, groups)) < 7:
        return match[0]
    return "，".join(figures(group, "幺") for group in groups)


def _number(match: re.Match[str]) -> str:
    digits, text = match[0], match.string
    before, after = text[max(0, match.start() - 12) : match.start()], text[match.end() : match.end() + 1]
    amount = bool(after) and after in _UNITS
    if len(digits) > 1 and digits[0] == "0":
        return figures(digits, "幺")
    if not amount and (len(digits) >= 5 or (len(digits) > 1 and re.search(_NAMED + "$", before))):
        return figures(digits, "幺")
    if digits == "2" and after and after in _MEASURES and not before.endswith("第"):
        return "两"
    return cardinal(int(digits))


_RULES: Final = (
    (re.compile(r"(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)"), _date),
    (re.compile(rf"(?<![\d-])\+?\d{{2,4}}(?:-\d{{3,8}}){{1,3}}(?![\d{_UNITS}-])"), _phone),
    (re.compile(r"(?<=[\d日号点时分元年月%])\s*[-~–—～]\s*(?=[\d¥￥])"), lambda match: "至"),
    (re.compile(r"(?<!\d)(\d{4})(?=年|至\d{4}年)"), lambda match: figures(match[1])),
    (re.compile(r"(?<![\d:：])(\d{1,2})[:：](\d{2})(?![\d:：])"), _clock),
    (re.compile(r"(\d+(?:\.\d+)?)\s*%"), lambda match: f"百分之{_amount(match[1])}"),
    (re.compile(r"[¥￥]\s*(\d[\d,]*(?:\.\d+)?)(?:元)?"), lambda match: f"{_amount(match[1])}元"),
    (re.compile(r"\$\s*(\d[\d,]*(?:\.\d+)?)"), lambda match: f"{_amount(match[1])}美元"),
    (re.compile(r"(?<!\d)\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)"), lambda match: _amount(match[0])),
    (re.compile(r"(?<![\d.])\d+\.\d+(?![\d.])"), lambda match: _amount(match[0])),
    (re.compile(r"\+(\d+)"), lambda match: f"加{figures(match[1], '幺')}"),
    (re.compile(r"[0-9]+"), _number),
    # VIP is said letter by letter; espeak-ng would read a word
    (re.compile(r"(?<![A-Za-z])[A-Z]{2,5}(?![A-Za-z])"), lambda match: f" {' '.join(match[0])} "),
    (re.compile(r"(?<=[^\x00-\x7f])\.(?!\w)|\.(?=\s|$)"), lambda match: "。"),
)


def written_out(text: str) -> str:
    """The text without figures, and with signs as words or pauses."""
    for pattern, replace in _RULES:
        text = pattern.sub(replace, text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    return text.translate(_PAUSES)
