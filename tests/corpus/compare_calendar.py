#!/usr/bin/python3
"""compare_calendar.py CALMERGE CORPUS [-v]

Merges the mails of a corpus folder with the calmerge program and compares the
feed with what independent programs say of the same mails (CORPUS/expected/
calendar.json, ics.json, scenarios.json).  A disagreement is allowed only when the
table below names it with the reason; any other, and any row that no longer applies,
fails.  Python's standard library; python3-icalendar, where it is installed, as a
second reader of the feed."""
import base64
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile

try:
    import icalendar
except ImportError:
    icalendar = None

ADDRESSES = "admin@home.example,secretary@home.example"
READER = "python-icalendar"

# What is allowed to differ: (reason, by the rule that we follow: {file: differences}).
KNOWN = [
    ("RFC 5545 3.3.4: the 30th and 31st of February are no dates, and nobody knows which "
     "day was meant (ical.js counts on into March)", {
        "node-ical__large-file-with-late-error.ics":
            ["missing event%03d@example.com" % n for n in (60, 61, 123, 185, 278, 340)],
    }),
    ("RFC 5545 3.6.5: the last onset before 9 April is the DAYLIGHT of 30 March, +0200 "
     "(python-icalendar and vobject agree; ical.js takes offset 0)", {
        "khal__cal_lots_of_timezones.ics": ["dtstart abcde"],
        "khal__part1.ics": ["dtstart abcde"],
    }),
    ("RFC 5545 3.2.20: of two VALUEs the first counts, and what is a DATE has no hour "
     "(vobject agrees)", {
        "ical.net__Parameter1.ics": ["dtstart fadc65bd4f5d746ce4a581f072ca66ea"],
    }),
    ("RFC 5545 3.1.4: UTF-8 unless somebody says otherwise, also where some bytes of it are "
     "damaged (the other reader shows all of it as Latin-1)", {
        "ical4j__valid-1106817412.ics": ["summary bloc1106817412"],
    }),
    ("RFC 5545 3.3.10 allows BYDAY=20MO in a yearly rule; the reader does not", {
        "ical.net__YearlyByDay1.ics": [READER],
    }),
]
ALLOWED = {name: set(what) for _, rows in KNOWN for name, what in rows.items()}


def unfold(text):
    return re.sub(r"\r\n[ \t]", "", text).split("\r\n")


def parse(text):
    """[(name, {param: value}, value)] of each VEVENT, and the VTIMEZONEs' names."""
    events, zones, stack = [], [], []
    for line in unfold(text):
        m = re.match(r'([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^":;]*))*):(.*)$', line, re.S)
        if not m:
            continue
        name, params, value = m.group(1), m.group(2), m.group(3)
        pairs = dict(p.split("=", 1) for p in re.findall(r';([A-Za-z0-9-]+=(?:"[^"]*"|[^":;]*))', params))
        if name == "BEGIN":
            stack.append(value)
            if value == "VEVENT":
                events.append([])
        elif name == "END":
            stack.pop()
        elif stack[-1:] == ["VEVENT"]:
            events[-1].append((name, pairs, value))
        elif stack[-1:] == ["VTIMEZONE"] and name == "TZID":
            zones.append(value)
    return events, zones


DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def days_of_rule(rule, year, start):
    """The days of that year on which a yearly rule of a VTIMEZONE falls."""
    months = [int(m) for m in rule.get("BYMONTH", str(start.month)).split(",")]
    out = []
    for month in months:
        day, all_days = datetime.date(year, month, 1), []
        while day.month == month:
            all_days.append(day)
            day += datetime.timedelta(1)
        picked = all_days
        if "BYMONTHDAY" in rule:
            wanted = {int(d) for d in rule["BYMONTHDAY"].split(",")}
            picked = [d for d in picked if d.day in wanted or d.day - len(all_days) - 1 in wanted]
        if "BYDAY" in rule:
            by = []
            for item in rule["BYDAY"].split(","):
                number, name = item[:-2], item[-2:]
                same = [d for d in picked if DAYS[d.weekday()] == name]
                by += [same[int(number) - (int(number) > 0)]] if number else same
            picked = by
        if "BYDAY" not in rule and "BYMONTHDAY" not in rule:
            picked = [d for d in picked if d.day == start.day]
        out += picked
    return sorted(out)


class Zone:
    """A VTIMEZONE of the feed, read by RFC 5545 3.6.5 and by nobody's library."""

    def __init__(self):
        self.observances = []

    def offset(self, local):
        best, found = None, None
        first = None
        for o in self.observances:
            start = datetime.datetime.strptime(o["DTSTART"], "%Y%m%dT%H%M%S")
            first = min(first or (start, o), (start, o), key=lambda x: x[0])
            for onset in self.onsets(o, start, local):
                if onset <= local and (best is None or onset > best):
                    best, found = onset, o
        return self.seconds(found["TZOFFSETTO"] if found else first[1]["TZOFFSETFROM"])

    @staticmethod
    def seconds(text):
        n = int(text[1:3]) * 3600 + int(text[3:5]) * 60 + int(text[5:7] or 0)
        return datetime.timedelta(seconds=-n if text[0] == "-" else n)

    def onsets(self, o, start, local):
        yield start
        for r in o.get("RDATE", []):
            yield datetime.datetime.strptime(r, "%Y%m%dT%H%M%S")
        if "RRULE" not in o:
            return
        rule = dict(p.split("=") for p in o["RRULE"].split(";"))
        until, step = None, int(rule.get("INTERVAL", 1))
        if "UNTIL" in rule:
            until = datetime.datetime.strptime(rule["UNTIL"][:15].ljust(15, "0").replace("00000000", "T000000"),
                                               "%Y%m%dT%H%M%S")
            if rule["UNTIL"].endswith("Z"):
                until += self.seconds(o["TZOFFSETFROM"])
        year = max(start.year, local.year - 2)
        if "COUNT" in rule or step > 1 or until and until.year < local.year:
            year = start.year
        left = int(rule.get("COUNT", 10 ** 6))
        while year <= local.year and left > 0:
            if (year - start.year) % step == 0:
                for day in days_of_rule(rule, year, start):
                    onset = datetime.datetime.combine(day, start.time())
                    if onset < start or until and onset > until:
                        continue
                    left -= 1
                    if left >= 0:
                        yield onset
            year += 1


def read_zones(text):
    zones, zone, observance = {}, None, None
    for line in unfold(text):
        name, _, value = line.partition(":")
        if line == "BEGIN:VTIMEZONE":
            zone = Zone()
        elif line == "END:VTIMEZONE":
            zone = None
        elif zone and line in ("BEGIN:STANDARD", "BEGIN:DAYLIGHT"):
            observance = {"RDATE": []}
            zone.observances.append(observance)
        elif zone and name == "END":
            observance = None
        elif zone and name == "TZID":
            zones[value] = zone
        elif observance is not None and name == "RDATE":
            observance["RDATE"].append(value)
        elif observance is not None:
            observance[name] = value
    return zones


def in_utc(zones, params, value):
    tzid = params.get("TZID", "").strip('"')
    if not tzid or value.endswith("Z") or len(value) == 8:
        return value
    value = value.split("/")[0]          # a PERIOD: its start
    local = datetime.datetime.strptime(value, "%Y%m%dT%H%M%S")
    if tzid not in zones:
        return value + "?"
    return (local - zones[tzid].offset(local)).strftime("%Y%m%dT%H%M%SZ")


def describe(text):
    events, _ = parse(text)
    zones = read_zones(text)
    out = []
    for props in events:
        one = {"uid": None, "recurrence_id": None, "sequence": None, "summary": None,
               "dtstart": None, "exdates": [], "status": None, "range": None, "rdates": []}
        for name, params, value in props:
            if name == "UID":
                one["uid"] = value
            elif name == "SEQUENCE":
                one["sequence"] = int(value)
            elif name in ("SUMMARY", "STATUS"):
                one[name.lower()] = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
            elif name == "DTSTART":
                one["dtstart"] = in_utc(zones, params, value)
            elif name == "RECURRENCE-ID":
                one["recurrence_id"] = in_utc(zones, params, value)
                one["range"] = params.get("RANGE")
            elif name in ("EXDATE", "RDATE"):
                one[name.lower() + "s"].append(in_utc(zones, params, value))
        out.append(one)
    return out


def merge(program, files):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([program, folder, ADDRESSES] + files, capture_output=True, text=True)
        if run.returncode:
            return None, run.stderr[-2000:], ""
        with open(os.path.join(folder, "calendar.ics"), newline="", encoding="utf-8") as f:
            return f.read(), [l.split("\t")[0] for l in run.stdout.splitlines()], run.stderr


def read_check(text):
    """The feed as python-icalendar reads it: nothing refused."""
    if not icalendar:
        return None
    try:
        for e in icalendar.Calendar.from_ical(text).walk("VEVENT"):
            if e.errors:
                return str(e.errors)
    except ValueError as e:
        return str(e)
    return None


def compare_scenario(want, text):
    have = describe(text)
    faults = []
    for w in want["expect"]:
        same = [h for h in have if h["uid"] == w["uid"] and h["recurrence_id"] == w.get("recurrence_id")]
        if w.get("cancelled") or w.get("cancelled_or_absent"):
            if any(h["status"] != "CANCELLED" for h in same):
                faults.append(("still there " + w["uid"], w.get("recurrence_id")))
            masters = [h for h in have if h["uid"] == w["uid"] and h["recurrence_id"] is None]
            if w.get("recurrence_id") and masters and w["recurrence_id"] not in masters[0]["exdates"]:
                faults.append(("no EXDATE " + w["uid"], w["recurrence_id"]))
            continue
        if "note" in w:
            continue
        if not same:
            faults.append(("missing " + w["uid"], w.get("recurrence_id")))
            continue
        for key in ("dtstart", "sequence", "summary", "range"):
            if w.get(key) is not None and same[0][key] != w[key] and not (key == "sequence" and w[key] == 0 and same[0][key] is None):
                faults.append((key + " " + w["uid"], "%r, not %r" % (same[0][key], w[key])))
    uids = {(w["uid"], w.get("recurrence_id")) for w in want["expect"]}
    noted = {w["uid"] for w in want["expect"] if "note" in w}
    for h in have:
        if (h["uid"], h["recurrence_id"]) not in uids and h["uid"] not in noted:
            faults.append(("not expected " + h["uid"], h["recurrence_id"]))
    return faults


def expected_of(entry):
    """{uid: [components]} of a mail or file that should be in the feed."""
    out = {}
    for part in entry:
        for e in part.get("expected") or []:
            if e["component"] != "VEVENT" or not e.get("uid") or not e.get("dtstart"):
                continue
            if (e.get("method") or "").upper() in ("REPLY", "COUNTER", "REFRESH", "DECLINECOUNTER", "CANCEL"):
                continue
            if (e.get("status") or "").upper() == "CANCELLED":
                continue
            out.setdefault(e["uid"], []).append(e)
    return out


def compare_single(entry, text):
    have = describe(text)
    faults = []
    for uid, events in expected_of(entry).items():
        for e in events:
            same = [h for h in have if h["uid"] == uid and (h["recurrence_id"] is None) == (e["recurrence_id"] is None)
                    and (e["recurrence_id"] is None or h["recurrence_id"] == e["recurrence_id"])]
            if not same:
                same = [h for h in have if h["uid"] == uid.strip()]
                if not same:
                    faults.append(("missing " + uid, e["recurrence_id"] or ""))
                continue
            starts = {e["dtstart"], e.get("dtstart_iana"), e.get("dtstart_lenient")}
            others = {x["dtstart"] for x in events}
            if same[0]["dtstart"] not in starts and same[0]["dtstart"] not in others:
                faults.append(("dtstart " + uid, "%s, not %s (%s)" % (
                    same[0]["dtstart"], e["dtstart"], e["dtstart_source"])))
            if e.get("summary") is not None and " ".join((same[0]["summary"] or "").split()) != " ".join(e["summary"].split()) \
               and len(events) == 1:
                faults.append(("summary " + uid, "%r, not %r" % (same[0]["summary"], e["summary"])))
    return faults


def wrap_ics(path, folder):
    """A mail around an .ics file."""
    with open(path, "rb") as f:
        body = base64.encodebytes(f.read())
    mail = os.path.join(folder, "m.eml")
    with open(mail, "wb") as f:
        f.write(b"From: a@example.org\nDate: Mon, 15 Jan 2024 10:00:00 +0100\nMIME-Version: 1.0\n"
                b"Content-Type: application/octet-stream; name=x.ics\nContent-Transfer-Encoding: base64\n\n" + body)
    return mail


class Report:
    def __init__(self, verbose):
        self.verbose = verbose
        self.agree = self.known = self.others = 0

    def add(self, kind, name, faults, text):
        """One message's faults, (what, detail) each, held against the table."""
        broken = read_check(text) if text else None
        if broken:
            faults = faults + [(READER, broken)]
        name = os.path.basename(name)
        allowed, found = ALLOWED.get(name, set()), {what for what, _ in faults}
        for what, detail in faults:
            if what not in allowed:
                print("%s %s: %s: %s" % (kind, name, what, str(detail)[:200]))
        gone = {what for what in allowed - found if icalendar or what != READER}
        for what in gone:
            print("%s %s: %s agrees now; take it out of the table" % (kind, name, what))
        self.known += len(found & allowed)
        self.others += len(found - allowed) + len(gone)
        self.agree += not found
        if self.verbose and not found:
            print("agrees  %s %s" % (kind, name))


def main():
    program, corpus = sys.argv[1], sys.argv[2]
    report = Report("-v" in sys.argv)

    def load(name):
        with open(os.path.join(corpus, "expected", name), encoding="utf-8") as f:
            return json.load(f)

    def compare(kind, name, files, judge, want):
        text, outcome, _ = merge(program, files)
        report.add(kind, name, judge(want, text) if text else [("no feed", outcome)], text)

    for name, want in load("scenarios.json").items():
        files = [os.path.join(corpus, "calendar/scenarios", f) for f in want["files"]]
        compare("scenario", name, files, compare_scenario, want)
    for name, entry in load("calendar.json").items():
        if "/scenarios/" not in name and not name.startswith("tnef/"):
            compare("mail", name, [os.path.join(corpus, name)], compare_single, entry["parts"])
    with tempfile.TemporaryDirectory() as folder:
        for name, entry in load("ics.json").items():
            path = os.path.join(corpus, name if name.startswith("ics/") else "ics/" + name)
            compare("ics", name, [wrap_ics(path, folder)], compare_single, [entry])
    print("%d agree, %d known differences, %d others%s" % (
        report.agree, report.known, report.others,
        "" if icalendar else " (python3-icalendar is not here: fewer are read)"))
    return 1 if report.others else 0


if __name__ == "__main__":
    sys.exit(main())
