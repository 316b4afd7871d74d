#!/usr/bin/python3
"""Measures the daemon and prints one table: `make bench`.

Every number is the median of several runs on this machine, as it is now; nothing
here passes or fails.  PEERS names the servers measured beside ours (default: dovecot
and dovecot-fast, which is the same with its login processes kept, when it is
installed; PEERS= for none).  The column `times` says how far ahead ours is of the
best of them; the rows where it is not are named below the table.  BENCH_DIR is a
folder on the disk to measure, BENCH_MESSAGES the size of the large folder, ROWS a
pattern of rows to measure; BENCH_MILLION=1 adds a folder of a million messages, ours
alone.
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import large
import server

TOOLS = os.environ.get('BENCH_TOOLS', 'build/tests/bench')
MESSAGES = int(os.environ.get('BENCH_MESSAGES', '100000'))
ROUNDS = 3
ME = 'me@example.test'
EVENTS = 50

INVITATION = '''From: Ada <ada@elsewhere.test>
To: secretary@example.test
Subject: Meeting %(n)d
Message-ID: <bench.%(n)d@elsewhere.test>
MIME-Version: 1.0
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Ada//Bench//EN
METHOD:REQUEST
BEGIN:VEVENT
UID:bench.%(n)d@elsewhere.test
SEQUENCE:0
DTSTAMP:20261120T100000Z
DTSTART:203001%(day)02dT150000Z
DTEND:203001%(day)02dT160000Z
SUMMARY:Meeting %(n)d
ORGANIZER:mailto:ada@elsewhere.test
ATTENDEE:mailto:secretary@example.test
END:VEVENT
END:VCALENDAR
'''


def say(*words):
    print(*words, file=sys.stderr, flush=True)


class Failed(Exception):
    pass


def tool(name, *arguments):
    """The JSON lines that a generator printed; one that failed measures nothing."""
    done = subprocess.run([os.path.join(TOOLS, name), *map(str, arguments)], stdout=subprocess.PIPE,
                          timeout=1800)
    if done.returncode != 0:
        raise Failed('%s %s ended with %d' % (name, ' '.join(map(str, arguments)), done.returncode))
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def number(value):
    if value is None:
        return '-'
    return '%.0f' % value if value >= 100 else '%.1f' % value if value >= 10 else '%.2f' % value


class Table:
    """Rows in the order of their first number; a column for each server."""

    def __init__(self):
        self.rows = {}
        self.columns = []

    def add(self, what, column, values, note=''):
        values = [v for v in (values if isinstance(values, list) else [values]) if v is not None]
        if not values:
            return None
        middle = statistics.median(values)
        if column not in self.columns:
            self.columns.append(column)
        row = self.rows.setdefault(what, {})
        row[column] = middle
        if note:
            row['note'] = note
        say('  %s, %s: %s %s' % (what, column, number(middle), note))
        return middle

    def absent(self, what, column):
        say('  %s, %s: it does not have that' % (what, column))

    @staticmethod
    def ahead(what, row):
        """How many times ours is better than the best other; None: nothing to compare."""
        others = [v for c, v in row.items() if c not in (server.Letterplate.name, 'note')]
        ours = row.get(server.Letterplate.name)
        if ours is None or not others:
            return None
        if 'second' in what and not what.startswith('CPU'):
            return ours / max(others)
        return min(others) / ours if ours else None

    def print(self):
        head = ['what'] + self.columns + ['times', 'beside it']
        lines = [[what] + [number(row.get(c)) for c in self.columns] +
                 [number(self.ahead(what, row)), row.get('note', '')] for what, row in self.rows.items()]
        widths = [max(len(line[i]) for line in [head] + lines) for i in range(len(head))]
        def show(cells):
            print('| ' + ' | '.join(c.ljust(w) if i in (0, len(head) - 1) else c.rjust(w)
                                    for i, (c, w) in enumerate(zip(cells, widths))) + ' |')
        show(head)
        print('|' + '|'.join('-' * (w + 2) for w in widths) + '|')
        for line in lines:
            show(line)
        behind = [what for what, row in self.rows.items() if (self.ahead(what, row) or 1) < 1]
        print('Behind the best other: ' + ('; '.join(behind) or 'none') + '.')


# ---- ours alone ----

def start_and_memory(table, at):
    """Starting, and what it needs with nothing to do."""
    ours = server.Letterplate(os.path.join(at, 'idle'))
    first = ours.start()
    ours.stop()
    times = []
    for _ in range(9):
        times.append(ours.start() * 1e3)
        ours.stop()
    table.add('start until ready, ms', ours.name, times,
              'should be under 100; the first one, with a key to make: %s' % number(first * 1e3))
    samples = []
    for _ in range(ROUNDS):
        ours.start()
        time.sleep(0.5)
        before = ours.memory()
        tool('smtp_load', '-n1', '-s6000', '-t', ME, '127.0.0.1:%d' % ours.smtp)
        tool('imap_load', '-I', '-U', ours.user, '-p', server.PASSWORD, '127.0.0.1:%d' % ours.imap, 'cmd',
             '!SELECT INBOX', '!FETCH 1:* (FLAGS BODY.PEEK[])')
        time.sleep(0.5)
        samples.append((before, ours.memory()))
        ours.stop()
    for i, when in enumerate(('after the start', 'after a delivery and a login')):
        for key, what, most in (('Pss', 'Pss', 12), ('Private_Dirty', 'private dirty', 4)):
            table.add('idle %s, %s, MB' % (what, when), ours.name,
                      [s[i][key] / 1024 for s in samples], 'should be under %d' % most)
        table.add('idle Rss, %s, MB' % when, ours.name, [s[i]['Rss'] / 1024 for s in samples],
                  'Pss, were no other process to share libraries with')


def deliveries(table, at):
    """Messages of 6 KB beside what the disk takes of them, turn by turn."""
    ours = server.Letterplate(os.path.join(at, 'smtp'))
    ours.start()
    address = '127.0.0.1:%d' % ours.smtp
    for conns, per_conn, n, how in ((1, 0, 400, 'kept'), (32, 0, 3000, 'kept'), (1, 1, 200, 'one message each'),
                                    (32, 1, 1500, 'one message each')):
        rates, disks, cpu = [], [], []
        for _ in range(ROUNDS):
            disks.append(max(tool('disk_limit', '-t', conns, '-s', 1.5, '-m', mode,
                                  os.path.join(at, 'limit'))[0]['per_s'] for mode in ('full', 'group')))
            before = ours.cpu()
            got = tool('smtp_load', '-c', conns, '-n', n, '-m', per_conn, '-s6000', '-t', ME, address)[0]
            rates.append(got['msgs_per_s'])
            cpu.append((ours.cpu() - before) / max(got['msgs'], 1) * 1000)
        what = '%d connection%s, %s' % (conns, 's' * (conns > 1), how)
        disk = statistics.median(disks)
        table.add('messages a second, ' + what, ours.name, rates, 'the disk alone: %s, so %.0f%%' % (
            number(disk), 100 * statistics.median(r / d for r, d in zip(rates, disks))))
        table.add('CPU seconds for 1,000, ' + what, ours.name, cpu)
    ours.stop()


def handshakes(table, at):
    ours = server.Letterplate(os.path.join(at, 'http'), WEBCAL_TLS='true')
    ours.start()
    tls = os.path.join(ours.daemon.data, 'tls')
    limit = statistics.median(tool('tls_limit', os.path.join(tls, 'cert.pem'), os.path.join(tls, 'key.pem'), 1)
                              [0]['both_per_s'] for _ in range(ROUNDS))
    rates, cpu = [], []
    for _ in range(ROUNDS):
        before = ours.cpu()
        got = tool('http_load', '-I', '-c4', '-n2000', '127.0.0.1:%d' % ours.http, '/healthz')[0]
        rates.append(got['per_s'])
        cpu.append((ours.cpu() - before) / got['count'] * 1e3)
    table.add('TLS handshakes a second (HTTPS, a new connection each)', ours.name, rates,
              'OpenSSL, both sides on one core: %s' % number(limit))
    table.add('CPU ms a TLS connection', ours.name, cpu)
    ours.stop()


def feed(table, at):
    ours = server.Letterplate(os.path.join(at, 'feed'))
    ours.start()
    with ours.daemon.smtp() as client:
        for n in range(EVENTS):
            client.sendmail('ada@elsewhere.test', 'secretary@example.test',
                            INVITATION % {'n': n, 'day': n % 28 + 1})
    calendar = os.path.join(ours.daemon.data, 'webcal', 'calendar.ics')

    def complete():
        with open(calendar) as f:
            return f.read().count('BEGIN:VEVENT') == EVENTS
    server.daemon.wait_until(lambda: os.path.exists(calendar) and complete(), 'all events in the calendar')
    login, address = '%s:%s' % (ours.user, server.PASSWORD), '127.0.0.1:%d' % ours.http
    for what, options in (('kept connections', ['-k']), ('a new connection each', [])):
        table.add('feed of %d events, requests a second, %s' % (EVENTS, what), ours.name,
                  [tool('http_load', '-c4', '-n', 4000, '-a', login, *options, address, '/calendar.ics')[0]['per_s']
                   for _ in range(ROUNDS)])
    ours.stop()


# ---- every IMAP server ----

def imap(one, *arguments, options=()):
    return tool('imap_load', '-I', '-U', one.user, '-p', server.PASSWORD, *options,
                '127.0.0.1:%d' % one.imap, *arguments)


def large_folder(table, one, mail):
    """Messages that no index knows yet; every command first and some rounds more."""
    shutil.rmtree(one.maildir, ignore_errors=True)
    shutil.copytree(mail, one.maildir)
    one.made()
    one.start()
    rows = large.Rows(table, one, imap, Failed, MESSAGES)
    for part in (rows.opening, rows.reading, rows.finding):
        part()
    appends(table, one, ' to %d messages' % MESSAGES, ((1, 200),))
    pushes(table, one, ', %d messages' % MESSAGES)
    table.add('Pss after all that, MB', one.name, one.memory()['Pss'] / 1024)
    rows.changing()
    one.stop()


def appends(table, one, where, runs):
    for conns, n in runs:
        rates, cpu = [], []
        for _ in range(ROUNDS):
            before = one.cpu()
            rates.append(imap(one, 'append', options=('-c', conns, '-n', n, '-s6000'))[0]['per_s'])
            cpu.append((one.cpu() - before) / n * 1000)
        what = '%s, %d connection%s' % (where, conns, 's' * (conns > 1))
        table.add('APPEND a second' + what, one.name, rates)
        table.add('CPU seconds for 1,000 APPEND' + what, one.name, cpu)


def pushes(table, one, where):
    ways = [('APPEND', 'append')]
    if one.smtp:
        ways.insert(0, ('a delivery', 'smtp:%s:127.0.0.1:%d' % (ME, one.smtp)))
    for what, how in ways:
        table.add('from %s to IDLE push%s, ms' % (what, where), one.name,
                  [imap(one, 'idle', options=('-c1', '-n30', '-s6000', '-g', how))[-1]['notify_p50_ms']
                   for _ in range(ROUNDS)])


def make_empty(one):
    shutil.rmtree(one.maildir, ignore_errors=True)
    for name in ('', 'new', 'cur', 'tmp'):
        os.makedirs(os.path.join(one.maildir, name), exist_ok=True)
    one.made()


def small_folder(table, one, at):
    make_empty(one)
    one.start()
    appends(table, one, '', ((1, 300), (8, 1500)))
    logins(table, one)
    pushes(table, one, '')
    one.stop()


def logins(table, one):
    for conns, n in ((1, 200), (8, 600)):
        cpu, rates = [], []
        for _ in range(ROUNDS):
            before = one.cpu()
            got = imap(one, 'login', options=('-c', conns, '-n', n))[0]
            rates.append(got['per_s'])
            cpu.append((one.cpu() - before) / max(got['count'], 1) * 1e3)
        how = 'one after the other' if conns == 1 else 'by %d clients' % conns
        table.add('TLS connections with LOGIN a second, ' + how, one.name, rates)
        table.add('CPU ms a TLS connection with LOGIN, ' + how, one.name, cpu)


def logins_alone(table, one, at):
    make_empty(one)
    one.start()
    logins(table, one)
    one.stop()


def idle_connections(table, one, at, count=1000):
    """All with TLS, with INBOX selected, in IDLE."""
    make_empty(one)
    one.start()
    time.sleep(0.5)
    before = one.memory()
    mark = os.path.join(at, 'measure')
    script = os.path.join(at, 'ready.sh')
    with open(script, 'w') as f:
        f.write('sleep 1; touch %s; while [ -e %s ]; do sleep 0.05; done\n' % (mark, mark))
    client = subprocess.Popen([os.path.join(TOOLS, 'imap_load'), '-I', '-U', one.user, '-p', server.PASSWORD,
                               '-c', str(count), '-n5', '-s6000', '-x', 'sh ' + script,
                               '127.0.0.1:%d' % one.imap, 'idle'], stdout=subprocess.PIPE)
    while not os.path.exists(mark):
        if client.poll() is not None:
            break
        time.sleep(0.05)
    during = one.memory()
    if os.path.exists(mark):
        os.remove(mark)
    lines = [json.loads(line) for line in client.communicate()[0].decode().splitlines()]
    if client.returncode != 0:
        raise Failed('of %d idle connections %d came up, %d were not told of a message'
                     % (count, lines[0]['up'], lines[-1]['missing']))
    table.add('%d idle TLS IMAP connections, Pss, MB' % count, one.name, during['Pss'] / 1024, 'should be under 64')
    table.add('each of them, Pss, KB', one.name, (during['Pss'] - before['Pss']) / count)
    table.add('from APPEND until all %d were told, ms' % count, one.name, lines[-1]['notify_max_ms'])
    time.sleep(1)
    table.add('Pss after they left, MB', one.name, one.memory()['Pss'] / 1024)
    one.stop()


def peers(at):
    wanted = os.environ.get('PEERS', 'dovecot dovecot-fast').replace(',', ' ').split()
    found = []
    for name in wanted:
        why = server.Dovecot.missing() if name in server.DOVECOT_LOGIN else 'it is not known here'
        if why:
            say('%s is left out: %s' % (name, why))
            continue
        tls = os.path.join(at, 'idle', 'data', 'tls')
        found.append(server.Dovecot(os.path.join(at, name), os.path.join(tls, 'cert.pem'),
                                    os.path.join(tls, 'key.pem'), name))
    return found


def main():
    only = re.compile(os.environ.get('ROWS', ''))
    table, at = Table(), server.new_folder()

    def attempt(measure, one, *more):
        try:
            measure(table, one, *more)
        except Failed as failed:
            say('  %s: %s\n%s' % (one.name, failed, one.said()))
            one.stop()
        except BaseException:
            one.stop()
            raise

    say('%d processors, %s, messages in %s' % (os.cpu_count(), ' '.join(os.uname()[::2]), at))
    try:
        for measure in (start_and_memory, deliveries, handshakes, feed):
            if measure is start_and_memory or only.search(measure.__name__):
                say(measure.__name__)
                measure(table, at)
        servers = [server.Letterplate(os.path.join(at, 'imap'))] + peers(at)
        # Kept login processes make no difference to what is done after the login.
        fast = [one for one in servers if one.name == 'dovecot-fast']
        usual = [one for one in servers if one not in fast]
        if only.search('large_folder'):
            say('large_folder')
            mail = os.path.join(at, 'mail')
            large.generate(mail, MESSAGES)
            for one in usual:
                attempt(large_folder, one, mail)
        for measure, which in ((small_folder, usual), (logins_alone, fast), (idle_connections, servers)):
            if only.search(measure.__name__):
                say(measure.__name__)
                for one in which:
                    attempt(measure, one, at)
        if os.environ.get('BENCH_MILLION'):
            say('a million messages')
            attempt(large.million, servers[0], imap, Failed)
    finally:
        shutil.rmtree(at, ignore_errors=True)
    table.print()


if __name__ == '__main__':
    main()
