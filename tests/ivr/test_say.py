"""How values are read out in Mandarin and English."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.ivr import say
from cti.ivr.values import LANGUAGES, Language

SHANGHAI = ZoneInfo("Asia/Shanghai")


def zh(words: say.Words) -> str:
    return say.text(words, "zh-CN")


def en(words: say.Words) -> str:
    return say.text(words, "en")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def clock(text: str) -> time:
    return time.fromisoformat(text)


def intervals(*texts: str) -> tuple[say.Interval, ...]:
    return tuple((clock(start), clock(end)) for start, end in (text.split("-") for text in texts))


# Numbers


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        ("0", "零", "zero"),
        ("2", "二", "two"),
        ("9", "九", "nine"),
        ("10", "十", "ten"),
        ("12", "十二", "twelve"),
        ("20", "二十", "twenty"),
        ("22", "二十二", "twenty-two"),
        ("99", "九十九", "ninety-nine"),
        ("100", "一百", "one hundred"),
        ("101", "一百零一", "one hundred one"),
        ("110", "一百一十", "one hundred ten"),
        ("112", "一百一十二", "one hundred twelve"),
        ("200", "二百", "two hundred"),
        ("222", "二百二十二", "two hundred twenty-two"),
        ("1000", "一千", "one thousand"),
        ("1001", "一千零一", "one thousand one"),
        ("1010", "一千零一十", "one thousand ten"),
        ("1100", "一千一百", "one thousand one hundred"),
        ("2000", "两千", "two thousand"),
        ("2002", "两千零二", "two thousand two"),
        ("2222", "两千二百二十二", "two thousand two hundred twenty-two"),
        ("10000", "一万", "ten thousand"),
        ("10001", "一万零一", "ten thousand one"),
        ("10010", "一万零一十", "ten thousand ten"),
        ("10100", "一万零一百", "ten thousand one hundred"),
        ("11000", "一万一千", "eleven thousand"),
        ("20000", "两万", "twenty thousand"),
        ("22000", "两万两千", "twenty-two thousand"),
        ("100000", "十万", "one hundred thousand"),
        ("100015", "十万零一十五", "one hundred thousand fifteen"),
        ("120000", "十二万", "one hundred twenty thousand"),
        ("1002003", "一百万两千零三", "one million two thousand three"),
        ("10000000", "一千万", "ten million"),
        ("100000000", "一亿", "one hundred million"),
        ("100005000", "一亿零五千", "one hundred million five thousand"),
        ("100100000", "一亿零一十万", "one hundred million one hundred thousand"),
        ("200020002", "两亿零两万零二", "two hundred million twenty thousand two"),
        ("1234567890", "十二亿三千四百五十六万七千八百九十",
         "one billion two hundred thirty-four million five hundred sixty-seven thousand eight hundred ninety"),
        ("-5", "负五", "minus five"),
        ("3.14", "三点一四", "three point one four"),
        ("3.10", "三点一", "three point one"),
        ("0.05", "零点零五", "zero point zero five"),
        ("-0.5", "负零点五", "minus zero point five"),
        ("0.00000001", "零", "zero"),
        ("-0.00000001", "零", "zero"),
        ("1000000000000", "一零零零零零零零零零零零零", "one" + " zero" * 12),
        ("NaN", "", ""),
        ("Infinity", "", ""),
    ],
)  # fmt: skip
def test_numbers(value: str, mandarin: str, english: str) -> None:
    assert (zh(say.number(Decimal(value), "zh-CN")), en(say.number(Decimal(value), "en"))) == (mandarin, english)


UNITS = {"千": 1000, "百": 100, "十": 10}


def mandarin_read_back(text: str) -> int:
    """What a listener understands: an own little parser of Chinese numerals."""

    def group(part: str) -> int:
        total, digit = 0, None
        for character in part:
            if character in UNITS:
                total += (1 if digit is None else digit) * UNITS[character]
                digit = None
            elif character != "零":
                digit = "零一二三四五六七八九".index("二" if character == "两" else character)
        return total + (digit or 0)

    total, rest = 0, text
    for name, unit in (("亿", 10**8), ("万", 10**4)):
        if name in rest:
            part, rest = rest.split(name)
            total += group(part) * unit
    return total + group(rest)


def english_read_back(text: str) -> int:
    ones = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
    names = {word: value for value, word in enumerate(f"{ones} seventeen eighteen nineteen".split())}
    tens = "twenty thirty forty fifty sixty seventy eighty ninety"
    names |= {word: 10 * ten for ten, word in enumerate(tens.split(), 2)}
    total = group = 0
    for word in text.replace("-", " ").split():
        if word == "hundred":
            group *= 100
        elif word in ("thousand", "million", "billion"):
            total, group = total + group * {"thousand": 10**3, "million": 10**6, "billion": 10**9}[word], 0
        else:
            group += names[word]
    return total + group


SIZES = st.integers(0, 11).flatmap(lambda size: st.integers(0, 10 ** (size + 1) - 1))
ROUND = st.builds(lambda a, b, c: a * 10**b + c, st.integers(0, 9999), st.integers(0, 7), st.integers(0, 99))


@given(SIZES | ROUND)
def test_a_number_is_understood_as_itself(value: int) -> None:
    assert mandarin_read_back(zh(say.number(value, "zh-CN"))) == value
    assert english_read_back(en(say.number(value, "en"))) == value


@given(SIZES | ROUND)
def test_mandarin_says_zero_where_places_are_skipped_and_nowhere_else(value: int) -> None:
    spoken = zh(say.number(value, "zh-CN"))
    assert "零零" not in spoken
    assert value == 0 or not spoken.startswith("零")
    assert value == 0 or not spoken.endswith("零")
    assert "零万" not in spoken
    assert "零亿" not in spoken


@pytest.mark.parametrize(("value", "mandarin"), [(1, "一"), (2, "两"), (12, "十二"), (20, "二十"), (102, "一百零二")])
def test_two_of_something_is_another_two(value: int, mandarin: str) -> None:
    assert zh(say.count(value, "zh-CN")) == mandarin


# Digits and telephone numbers


@pytest.mark.parametrize(
    ("text", "mandarin", "english"),
    [
        ("2011", "二零一一", "two zero one one"),
        ("a1-b", "A一B", "A one B"),
        ("1*#", "一星号井号", "one star pound"),
        ("一二", "", ""),
        ("", "", ""),
    ],
)
def test_digits_one_by_one(text: str, mandarin: str, english: str) -> None:
    assert (zh(say.digits(text, "zh-CN")), en(say.digits(text, "en"))) == (mandarin, english)


@pytest.mark.parametrize(
    ("number", "groups"),
    [
        ("13800138000", "138 0013 8000"),
        ("+8613800138000", "138 0013 8000"),
        ("02150001234", "021 5000 1234"),
        ("+862150001234", "021 5000 1234"),
        ("+861088888888", "010 8888 8888"),
        ("01088888888", "010 8888 8888"),
        ("075588888888", "0755 8888 8888"),
        ("03718888888", "0371 888 8888"),
        ("4008008008", "400 800 8008"),
        ("+864008008008", "400 800 8008"),
        ("8008208208", "800 820 8208"),
        ("10086", "10086"),
        ("110", "110"),
        ("95588", "95588"),
        ("1001", "1001"),
        ("88888888", "8888 8888"),
        ("8888888", "888 8888"),
        ("+12125550100", "+ 121 255 501 00"),
        ("123456789", "1234 5678 9"),
        ("021-5000 1234", "021 5000 1234"),
        ("anonymous", ""),
        ("", ""),
    ],
)
def test_telephone_numbers_in_groups(number: str, groups: str) -> None:
    assert " ".join(say.phone_groups(number)) == groups


def test_one_is_yao_in_telephone_numbers() -> None:
    assert zh(say.phone("13800138000", "zh-CN")) == "幺三八，零零幺三，八零零零"
    assert en(say.phone("13800138000", "en")) == "one three eight, zero zero one three, eight zero zero zero"


def test_a_number_from_abroad_begins_with_a_plus() -> None:
    assert zh(say.phone("+12125550100", "zh-CN")) == "加，幺二幺，二五五，五零幺，零零"


def test_a_telephone_number_is_never_longer_than_32_digits() -> None:
    assert sum(map(len, say.phone_groups("9" * 100))) == 32


# Money


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        ("0", "零元", "zero yuan"),
        ("1", "一元", "one yuan"),
        ("2", "两元", "two yuan"),
        ("2.2", "两元二角", "two point two yuan"),
        ("0.2", "两角", "zero point two yuan"),
        ("0.22", "两角二分", "zero point two two yuan"),
        ("0.02", "两分", "zero point zero two yuan"),
        ("128.50", "一百二十八元五角", "one hundred twenty-eight point five yuan"),
        ("128.05", "一百二十八元零五分", "one hundred twenty-eight point zero five yuan"),
        ("128.55", "一百二十八元五角五分", "one hundred twenty-eight point five five yuan"),
        ("19.999", "二十元", "twenty yuan"),
        ("0.005", "一分", "zero point zero one yuan"),
        ("0.004", "零元", "zero yuan"),
        ("-3.5", "负三元五角", "minus three point five yuan"),
        ("20000", "两万元", "twenty thousand yuan"),
    ],
)
def test_money(value: str, mandarin: str, english: str) -> None:
    assert (zh(say.money(Decimal(value), "zh-CN")), en(say.money(Decimal(value), "en"))) == (mandarin, english)


# Dates, days, times


@pytest.mark.parametrize(
    ("value", "today", "mandarin", "english"),
    [
        ("2026-12-31", None, "十二月三十一日", "December thirty-first"),
        ("2026-01-01", None, "一月一日", "January first"),
        ("2026-02-22", "2026-01-01", "二月二十二日", "February twenty-second"),
        ("2027-01-04", "2026-12-31", "明年一月四日", "January fourth, twenty twenty-seven"),
        ("2028-02-10", "2026-12-31", "二零二八年二月十日", "February tenth, twenty twenty-eight"),
        ("2009-05-03", "2026-12-31", "二零零九年五月三日", "May third, two thousand nine"),
        ("1905-05-03", "2026-12-31", "一九零五年五月三日", "May third, nineteen oh five"),
        ("1900-05-03", "2026-12-31", "一九零零年五月三日", "May third, nineteen hundred"),
    ],
)
def test_dates(value: str, today: str | None, mandarin: str, english: str) -> None:
    seen = date.fromisoformat(today) if today else None
    day = date.fromisoformat(value)
    assert (zh(say.day(day, "zh-CN", seen)), en(say.day(day, "en", seen))) == (mandarin, english)


def test_days_of_the_week() -> None:
    monday = date(2026, 10, 5)
    days = [monday + timedelta(days=ahead) for ahead in range(7)]
    assert "".join(zh(say.weekday(day, "zh-CN")) for day in days) == "周一周二周三周四周五周六周日"
    assert en(say.weekday(monday, "en")) == "Monday"


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        ("00:00", "凌晨零点", "midnight"),
        ("00:30", "凌晨零点半", "twelve thirty a.m."),
        ("02:00", "凌晨两点", "two a.m."),
        ("06:30", "早上六点半", "six thirty a.m."),
        ("09:00", "上午九点", "nine a.m."),
        ("09:05", "上午九点零五分", "nine oh five a.m."),
        ("09:30", "上午九点半", "nine thirty a.m."),
        ("11:59", "上午十一点五十九分", "eleven fifty-nine a.m."),
        ("12:00", "中午十二点", "noon"),
        ("12:30", "中午十二点半", "twelve thirty p.m."),
        ("13:00", "下午一点", "one p.m."),
        ("14:10", "下午两点十分", "two ten p.m."),
        ("18:00", "下午六点", "six p.m."),
        ("19:45", "晚上七点四十五分", "seven forty-five p.m."),
        ("23:59", "晚上十一点五十九分", "eleven fifty-nine p.m."),
    ],
)
def test_times_of_day(value: str, mandarin: str, english: str) -> None:
    spoken = clock(value)
    assert (zh(say.time_of_day(spoken, "zh-CN")), en(say.time_of_day(spoken, "en"))) == (mandarin, english)


@pytest.mark.parametrize(
    ("seconds", "mandarin", "english"),
    [
        (0, "零秒", "zero seconds"),
        (1, "一秒", "one second"),
        (20, "二十秒", "twenty seconds"),
        (60, "一分钟", "one minute"),
        (120, "两分钟", "two minutes"),
        (90, "一分钟三十秒", "one minute thirty seconds"),
        (3600, "一小时", "one hour"),
        (7322, "两小时两分钟两秒", "two hours two minutes two seconds"),
    ],
)
def test_durations(seconds: int, mandarin: str, english: str) -> None:
    assert (zh(say.duration(seconds, "zh-CN")), en(say.duration(seconds, "en"))) == (mandarin, english)


# Opening hours


@pytest.mark.parametrize(
    ("day", "mandarin", "english"),
    [
        (["09:00-12:00", "13:00-18:00"], "上午九点到十二点，下午一点到六点",
         "nine a.m. to noon, one p.m. to six p.m."),
        (["10:00-16:00"], "上午十点到下午四点", "ten a.m. to four p.m."),
        (["08:30-17:30"], "上午八点半到下午五点半", "eight thirty a.m. to five thirty p.m."),
        (["07:00-12:00"], "早上七点到中午十二点", "seven a.m. to noon"),
        (["09:00-12:30"], "上午九点到中午十二点半", "nine a.m. to twelve thirty p.m."),
        (["12:00-13:00"], "中午十二点到下午一点", "noon to one p.m."),
        (["08:00-00:00"], "上午八点到晚上十二点", "eight a.m. to midnight"),
        (["19:00-00:00"], "晚上七点到十二点", "seven p.m. to midnight"),
        (["22:00-02:00"], "晚上十点到次日凌晨两点", "ten p.m. to two a.m. the next day"),
        (["00:00-00:00"], "全天", "all day"),
        ([], "休息", "closed"),
    ],
)  # fmt: skip
def test_the_hours_of_a_day(day: list[str], mandarin: str, english: str) -> None:
    spoken = intervals(*day)
    assert (zh(say.hours(spoken, "zh-CN")), en(say.hours(spoken, "en"))) == (mandarin, english)


# 2026-10-07 is a Wednesday.
@pytest.mark.parametrize(
    ("now", "opening", "mandarin", "english"),
    [
        ("2026-10-07 12:10", "2026-10-07 13:00", "今天下午一点", "today at one p.m."),
        ("2026-10-07 20:00", "2026-10-08 09:00", "明天上午九点", "tomorrow at nine a.m."),
        ("2026-10-07 00:10", "2026-10-08 09:00", "明天上午九点", "tomorrow at nine a.m."),
        ("2026-10-07 20:00", "2026-10-09 09:00", "后天上午九点", "on Friday at nine a.m."),
        ("2026-10-07 20:00", "2026-10-10 09:30", "本周六上午九点半", "on Saturday at nine thirty a.m."),
        ("2026-10-07 20:00", "2026-10-11 09:00", "本周日上午九点", "on Sunday at nine a.m."),
        ("2026-10-07 20:00", "2026-10-12 09:00", "下周一上午九点", "on Monday at nine a.m."),
        ("2026-10-09 20:00", "2026-10-12 09:00", "下周一上午九点", "on Monday at nine a.m."),
        ("2026-10-11 20:00", "2026-10-14 09:00", "下周三上午九点", "on Wednesday at nine a.m."),
        ("2026-10-07 20:00", "2026-10-14 09:00", "下周三上午九点", "on October fourteenth at nine a.m."),
        ("2026-10-07 20:00", "2026-10-18 09:00", "下周日上午九点", "on October eighteenth at nine a.m."),
        ("2026-10-07 20:00", "2026-10-19 09:00", "十月十九日上午九点", "on October nineteenth at nine a.m."),
        ("2026-10-07 20:00", "2026-12-31 09:00", "十二月三十一日上午九点", "on December thirty-first at nine a.m."),
        ("2026-12-31 20:00", "2027-01-01 09:00", "明天上午九点", "tomorrow at nine a.m."),
        ("2026-12-24 20:00", "2027-01-04 09:00", "明年一月四日上午九点",
         "on January fourth, twenty twenty-seven at nine a.m."),
        ("2026-12-30 20:00", "2027-01-04 09:00", "下周一上午九点", "on Monday at nine a.m."),
    ],
)  # fmt: skip
def test_when_it_opens_next(now: str, opening: str, mandarin: str, english: str) -> None:
    assert zh(say.next_opening(at(opening), at(now), "zh-CN")) == mandarin
    assert en(say.next_opening(at(opening), at(now), "en")) == english


def test_tomorrow_is_reckoned_where_the_desk_is() -> None:
    late_in_london = datetime(2026, 10, 7, 20, 0, tzinfo=ZoneInfo("Europe/London"))
    assert zh(say.next_opening(at("2026-10-08 09:00"), late_in_london, "zh-CN")) == "今天上午九点"


def test_a_desk_that_never_opens_says_so() -> None:
    assert zh(say.next_opening(None, at("2026-10-07 20:00"), "zh-CN")) == "暂未确定"
    assert en(say.next_opening(None, at("2026-10-07 20:00"), "en")) == "not yet known"


TWO_SHIFTS = intervals("09:00-12:00", "13:00-18:00")


@pytest.mark.parametrize(
    ("day", "opening", "is_open", "mandarin", "english"),
    [
        (TWO_SHIFTS, "2026-10-08 09:00", False,
         "我们今天的服务时间是上午九点到十二点，下午一点到六点。下次开放时间是明天上午九点。",
         "Today we are open from nine a.m. to noon, one p.m. to six p.m. We open next tomorrow at nine a.m."),
        (TWO_SHIFTS, "2026-10-08 09:00", True,
         "我们今天的服务时间是上午九点到十二点，下午一点到六点。",
         "Today we are open from nine a.m. to noon, one p.m. to six p.m."),
        ((), "2026-10-08 09:00", False, "我们今天休息。下次开放时间是明天上午九点。",
         "Today we are closed. We open next tomorrow at nine a.m."),
        ((), None, False, "我们今天休息。目前还没有确定下次开放的时间。",
         "Today we are closed. It is not yet known when we open next."),
        (intervals("00:00-00:00"), None, True, "我们今天全天服务。", "Today we are open all day."),
    ],
)  # fmt: skip
def test_the_hours_are_told_in_sentences(
    day: tuple[say.Interval, ...], opening: str | None, is_open: bool, mandarin: str, english: str
) -> None:
    now, opens = at("2026-10-07 20:00"), at(opening) if opening else None
    assert zh(say.opening_hours(day, opens, now, "zh-CN", is_open=is_open)) == mandarin
    assert en(say.opening_hours(day, opens, now, "en", is_open=is_open)) == english


# Words


def test_a_comma_is_a_breath_after_its_word_and_so_is_a_stop_before_another_sentence() -> None:
    assert say.utterances(("一", "，", "二", "。", "三", "。"), "zh-CN") == ("一，", "二，", "三")
    closed = say.opening_hours((), at("2026-10-08 09:00"), at("2026-10-07 20:00"), "zh-CN", is_open=False)
    assert say.utterances(closed, "zh-CN") == ("我们今天休息，", "下次开放时间是", "明天", "上午", "九点")


def is_of_the_vocabulary(spoken: list[say.Words], language: Language) -> bool:
    words = {word for one in spoken for word in say.utterances(one, language)}
    return words <= set(say.vocabulary(language))


@pytest.mark.parametrize("language", LANGUAGES)
@given(value=st.decimals(-(10**13), 10**13, allow_nan=False) | SIZES.map(Decimal))
def test_every_word_of_an_amount_is_of_the_vocabulary(language: Language, value: Decimal) -> None:
    seconds = int(abs(value)) % 10**6
    spoken = [say.number(value, language), say.count(value, language), say.money(value, language)]
    assert is_of_the_vocabulary([*spoken, say.duration(seconds, language)], language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(text=st.text(max_size=12) | st.text("0123456789+*#", max_size=40))
def test_every_word_of_a_number_is_of_the_vocabulary(language: Language, text: str) -> None:
    assert is_of_the_vocabulary([say.digits(text, language), say.phone(text, language)], language)


MINUTES = st.integers(0, 1439).map(lambda minute: time(*divmod(minute, 60)))
MOMENTS = st.builds(datetime.combine, st.dates(date(2000, 1, 1), date(2099, 12, 31)), MINUTES, st.just(SHANGHAI))


@pytest.mark.parametrize("language", LANGUAGES)
@given(now=MOMENTS, then=st.none() | MOMENTS)
def test_every_word_of_a_day_is_of_the_vocabulary(language: Language, now: datetime, then: datetime | None) -> None:
    day = now.date()
    spoken = [say.day(day, language, then and then.date()), say.weekday(day, language)]
    assert is_of_the_vocabulary([*spoken, say.next_opening(then, now, language)], language)


@pytest.mark.parametrize("language", LANGUAGES)
@given(start=MINUTES, end=MINUTES, opening=st.none() | MOMENTS)
def test_every_word_of_opening_hours_is_of_the_vocabulary(
    language: Language, start: time, end: time, opening: datetime | None
) -> None:
    now, day = at("2026-10-07 20:00"), [(start, end), (end, start)]
    told = [say.opening_hours(day[:count], opening, now, language, is_open=count == 2) for count in range(3)]
    assert is_of_the_vocabulary([say.time_of_day(start, language), say.hours(day, language), *told], language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_vocabulary_is_small(language: Language) -> None:
    assert len(say.vocabulary(language)) < 500
