"""A small language for texts that follow a form: dates, prices, plates, identifiers, readings.

`{digit:4}-{upper:2}`   four digits, a dash, two capitals; `{digit:2-6}` two to six
`{km|m|}`               one of several, or nothing, equally likely; they can hold fields: `{No. {digit:3}|无}`
`{one:{digit}|{upper}}` the same where the first begins with a field, since `{{` is a brace as text
`{repeat:2-4:{hex:2}:}` a pattern two to four times
`{chars:ABC123}`        one of these characters
`{number:1-9999}`       a number; `{number:0001-9999}` four digits always, `{number:0.00-9.99}` two decimals
`{grouped:1-9999999}`   with commas: 1,234,567; `{price:1.00-9999.99}` too, small ones as often as large ones
`{date:%Y-%m-%d}`       a day of the calendar; `{date:2001-2030:%Y年%-m月%-d日}` of these years; `{time:%H:%M:%S}`
`{plate_cn}`            a pattern of NAMED, or of the recipe's `define`
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Callable, Mapping
from datetime import date

from .fields import DIRECTIVES, Characters, Literal, Moment, Number, OneOf, Piece, Repeat, Row

# The 3,755 most common Han characters, as GB 2312 lists them: rows 16 to 55, the last one shorter.
COMMON_HAN = "".join(
    bytes([0xA0 + row, 0xA0 + cell]).decode("gb2312")
    for row in range(16, 56)
    for cell in range(1, 95 if row < 55 else 90)
)
# Plates leave out I and O, which look like 1 and 0.
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
CLASSES = {
    "digit": string.digits,
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "letter": string.ascii_letters,
    "alnum": string.ascii_uppercase + string.digits,
    "hex": "0123456789ABCDEF",
    "han": COMMON_HAN,
    "province": "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼",
    "plate_letter": PLATE_LETTERS,
    "plate_char": PLATE_LETTERS + string.digits,
}
NAMED = {
    "plate_cn": "{province}{plate_letter}{plate_char}{digit:2}{one:{digit}|{plate_char}}{digit}",
    "plate_cn_energy": "{province}{plate_letter}{chars:DF}{one:{plate_char}|{digit}}{digit:4}",
    "phone_cn": "1{chars:3456789}{digit:9}",
    "landline_cn": "0{chars:123456789}{digit:1-2}-{chars:2345678}{digit:6-7}",
    "phone_us": "({chars:23456789}{digit:2}) {chars:23456789}{digit:2}-{digit:4}",
    "phone_intl": "+{number:1-99} {digit:2-3} {digit:3-4} {digit:4}",
    "serial": "{upper:1-3}{-|}{digit:4-8}",
    "uuid": "{hex:8}-{hex:4}-4{hex:3}-{chars:89AB}{hex:3}-{hex:12}",
    "mac": "{hex:2}{repeat:5::{hex:2}}",
    "ip": "{number:1-254}{repeat:3:.{number:0-254}}",
    "meter": "{digit:5-6}{.{digit:1-3}|}",
    "percent": "{number:0-100}%",
    "lbrace": "{{",
    "rbrace": "}}",
}
COUNT = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
NUMBER = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,3}))?-(-?)(\d{1,12})(?:\.(\d{1,3}))?")
YEARS = re.compile(r"(\d{4})-(\d{4}):")
NAME = re.compile(r"(one|repeat)(?=:)|([a-z][a-z0-9_]*)(?=[:}])")
MOST = 200


def parse_pattern(pattern: str, define: Mapping[str, str] | None = None) -> Piece:
    """A pattern as a piece that draws. Raises ValueError naming the character, and what is allowed there."""
    if not pattern:
        raise ValueError("the pattern is empty")
    return _Parser(pattern, dict(define or {})).parse()


class _Parser:
    """Reads one pattern.

    inside: the names whose patterns are being read, against circles; times: how often all of it is repeated.
    """

    def __init__(self, pattern: str, define: dict[str, str], inside: tuple[str, ...] = (), times: int = 1) -> None:
        self.pattern, self.define, self.inside, self.times = pattern, define, inside, times
        self.at = 0

    def parse(self) -> Piece:
        """The whole pattern."""
        row = self._row("")
        if self.at < len(self.pattern):
            raise self._error(
                self.at, "a lone '}'; as text it is written }}, and a group that begins with a field {one:{…}|…}"
            )
        return row

    def _row(self, stops: str) -> Piece:
        """Pieces up to one of `stops`; outside groups there is none, and a bar is a bar."""
        pieces: list[Piece] = []
        text = ""
        while self.at < len(self.pattern):
            character, pair = self.pattern[self.at], self.pattern[self.at : self.at + 2]
            if character in stops:
                break
            if pair == "{{" or (pair == "}}" and not stops):
                text += character
                self.at += 2
            elif character == "}":
                break
            elif character == "{":
                pieces += [Literal(text)] if text else []
                text = ""
                pieces.append(self._field())
            else:
                text += character
                self.at += 1
        pieces += [Literal(text)] if text or not pieces else []
        return pieces[0] if len(pieces) == 1 else Row(tuple(pieces))

    def _field(self) -> Piece:
        start = self.at
        self.at += 1
        match = NAME.match(self.pattern, self.at)
        name = match[0] if match else ""
        if match and (match[1] or name in self._names()):
            self.at += len(name)
            has_argument = self.pattern[self.at] == ":"
            self.at += 1
            if name == "repeat":
                return self._repeat(start)
            if name == "one":
                return self._group(start)
            return self._simple(start, name, self._argument(start) if has_argument else None)
        group = self._group(start)
        if not isinstance(group, OneOf):
            raise self._error(start, self._unknown(name, start))
        return group

    def _names(self) -> list[str]:
        return [*CLASSES, *FIELDS, *NAMED, *self.define]

    def _unknown(self, name: str, start: int) -> str:
        known = ["one", "repeat", *self._names()]
        close = difflib.get_close_matches(name, known, 1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        return f"'{self.pattern[start : self.at]}' is no field{hint}; there are: {', '.join(known)}, and {{A|B}}"

    def _argument(self, start: int) -> str:
        begin = self.at
        end = self.pattern.find("}", begin)
        # In {chars:…}} the first brace is one of the characters.
        if end == begin and self.pattern[end : end + 2] == "}}":
            end += 1
        if end < 0:
            raise self._error(start, "'}' is expected")
        self.at = end + 1
        return self.pattern[begin:end]

    def _group(self, start: int) -> Piece:
        options = [self._row("|}")]
        while self.at < len(self.pattern) and self.pattern[self.at] == "|":
            self.at += 1
            options.append(self._row("|}"))
        self._close(start)
        return OneOf(tuple(options)) if len(options) > 1 else options[0]

    def _repeat(self, start: int) -> Piece:
        match = COUNT.match(self.pattern, self.at)
        if not match or self.pattern[match.end() : match.end() + 1] != ":":
            raise self._error(start, "{repeat:3:PATTERN} or {repeat:2-4:PATTERN} is expected")
        self.at = match.end() + 1
        low, high = self._count(start, match[0])
        outer, self.times = self.times, self.times * max(high, 1)
        if self.times > MOST:
            raise self._error(start, f"with what is around it, this is repeated {self.times} times; at most {MOST}")
        piece = self._row("}")
        self.times = outer
        self._close(start)
        return Repeat(piece, low, high)

    def _close(self, start: int) -> None:
        if self.at >= len(self.pattern):
            raise self._error(start, "its '}' is expected")
        self.at += 1

    def _count(self, start: int, text: str) -> tuple[int, int]:
        match = COUNT.fullmatch(text)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not low <= high <= MOST:
            raise self._error(start, f"a count such as 4 or 1-4, the smaller first, at most {MOST}, is expected")
        return low, high

    def _simple(self, start: int, name: str, argument: str | None) -> Piece:
        if name in CLASSES:
            return Characters(CLASSES[name], *self._count(start, "1" if argument is None else argument))
        if name in FIELDS:
            try:
                return FIELDS[name](argument)
            except ValueError as error:
                raise self._error(start, str(error)) from None
        if argument is not None:
            raise self._error(start, f"'{name}' is a pattern of its own and takes nothing after ':'")
        return self._reference(start, name)

    def _reference(self, start: int, name: str) -> Piece:
        if name in self.inside:
            raise self._error(start, f"'{name}' is made of itself: {' > '.join([*self.inside, name])}")
        pattern = self.define[name] if name in self.define else NAMED[name]
        return _Parser(pattern, self.define, (*self.inside, name), self.times).parse()

    def _error(self, at: int, what: str) -> ValueError:
        where = f"in '{self.inside[-1]}', " if self.inside else ""
        return ValueError(f"{where}character {at + 1} of '{self.pattern}': {what}")


def _chars(argument: str | None) -> Piece:
    if not argument:
        raise ValueError("{chars:ABC} is expected: the characters to choose from")
    return Characters(argument)


def _number(argument: str | None, grouped: bool = False, even: bool = False) -> Number:
    match = NUMBER.fullmatch(argument or "")
    if not match:
        raise ValueError("two numbers such as 1-9999 or 0.00-99.99 are expected, of up to 12 digits and 3 decimals")
    minus, low, low_rest, high_minus, high, high_rest = match.groups("")
    places = len(high_rest)
    if len(low_rest) > places:
        raise ValueError("the first number has more decimals than the second")
    first = int(low + low_rest.ljust(places, "0")) * (-1 if minus else 1)
    last = int(high + high_rest) * (-1 if high_minus else 1)
    if first > last:
        raise ValueError("the smaller number comes first")
    if even and first < 1:
        raise ValueError("the first price must be above 0")
    padded = len(low) > 1 and low.startswith("0")
    return Number(first, last, places, len(low) if padded else 0, grouped, even)


def _moment(argument: str, first_year: int, last_year: int) -> Piece:
    parts = re.findall(r"%-?.?|[^%]+", argument)
    wrong = next((p for p in parts if p.startswith("%") and p not in DIRECTIVES), None)
    if wrong:
        raise ValueError(f"'{wrong}' is not known; there are {' '.join(DIRECTIVES)}")
    if not any(p in DIRECTIVES for p in parts):
        raise ValueError(f"a form such as %Y-%m-%d is expected, of {' '.join(DIRECTIVES)}")
    if not 1 <= first_year <= last_year:
        raise ValueError("two years such as 1990-2035, the smaller first, are expected")
    return Moment(tuple(parts), date(first_year, 1, 1).toordinal(), date(last_year, 12, 31).toordinal())


def _date(argument: str | None, default: str = "%Y-%m-%d") -> Piece:
    argument = argument or default
    match = YEARS.match(argument)
    first, last = (int(match[1]), int(match[2])) if match else (1970, 2039)
    return _moment(argument[match.end() :] if match else argument, first, last)


FIELDS: dict[str, Callable[[str | None], Piece]] = {
    "chars": _chars,
    "number": _number,
    "grouped": lambda argument: _number(argument, grouped=True),
    "price": lambda argument: _number(argument or "0.50-9999.99", grouped=True, even=True),
    "date": _date,
    "time": lambda argument: _date(argument, "%H:%M"),
}


def check_names(define: Mapping[str, str]) -> None:
    """Raises ValueError for a name in `define` that could not be used, or a pattern in it that is wrong."""
    taken = {"one", "repeat", *CLASSES, *FIELDS, *NAMED}
    for name, pattern in define.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ValueError(f"'{name}' is no name: small letters, digits and '_' are allowed")
        if name in taken:
            raise ValueError(f"'{name}' has a meaning already; choose another name")
        if not pattern:
            raise ValueError(f"the pattern '{name}' is empty")
        _Parser(pattern, dict(define), (name,)).parse()
