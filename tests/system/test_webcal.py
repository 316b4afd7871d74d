"""Invitations in by mail, one calendar out by HTTP."""
import base64
import gzip
import http.client
import itertools
import os
import quopri
import re
import stat
import unittest

from daemon import DOMAIN, PASSWORD, USER, Daemon, DaemonCase, Wire, wait_until

SECRETARY = 'secretary@' + DOMAIN
numbers = itertools.count(1)


def basic(user=USER, password=PASSWORD):
    return 'Basic ' + base64.b64encode(('%s:%s' % (user, password)).encode()).decode()


def vevent(uid, sequence=0, summary='Tea', stamp='20300101T100000Z', start='20300201T150000Z', more=()):
    lines = ['BEGIN:VEVENT', 'UID:' + uid, 'SEQUENCE:%d' % sequence, 'DTSTAMP:' + stamp,
             'DTSTART' + (start if start[0] == ';' else ':' + start), 'DURATION:PT1H',
             'SUMMARY:' + summary, 'ORGANIZER:mailto:ada@elsewhere.test',
             'ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:' + SECRETARY]
    return '\r\n'.join(lines + list(more) + ['END:VEVENT'])


def vcalendar(*events, method='REQUEST'):
    return '\r\n'.join(['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Ada//Tea//EN', 'METHOD:' + method,
                        *events, 'END:VCALENDAR', ''])


def mail(body, content_type='text/calendar; method=REQUEST; charset=utf-8', more=''):
    """The message, and its Message-ID to find it in the log by."""
    ident = '<%d@elsewhere.test>' % next(numbers)
    head = ('From: Ada <ada@elsewhere.test>\r\nTo: %s\r\nSubject: Invitation\r\nMessage-ID: %s\r\n'
            'Date: Fri, 20 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: %s\r\n%s\r\n'
            % (SECRETARY, ident, content_type, more))
    return head.encode() + (body if isinstance(body, bytes) else body.encode()), ident


def events_of(text):
    """Lists of unfolded lines, one list an event."""
    found, event = [], None
    for line in text.replace('\r\n ', '').split('\r\n'):
        if line == 'BEGIN:VEVENT':
            event = []
        elif line == 'END:VEVENT':
            found.append(event)
            event = None
        elif event is not None:
            event.append(line)
    return found


class Base(DaemonCase):
    def invite(self, message, to=SECRETARY, known=None):
        """Returns when the calendar has decided about it."""
        data, ident = message
        since = len(self.d.log)
        self.d.send(data, to=to)
        return self.d.wait_log(r' calendar .*message_id=%s' % re.escape(ident), since)

    def get(self, path='/calendar.ics', method='GET', auth=True, **headers):
        c = http.client.HTTPConnection('127.0.0.1', self.d.port('http'), timeout=60)
        headers = {k.replace('_', '-'): v for k, v in headers.items()}
        if auth:
            headers['Authorization'] = basic() if auth is True else auth
        c.request(method, path, headers=headers)
        r = c.getresponse()
        r.body = r.read()
        c.close()
        return r

    def feed(self):
        r = self.get()
        self.assertEqual(r.status, 200)
        return r.body.decode()

    def event(self, uid, which=0):
        """The lines of the uid's event in the feed, None without one."""
        found = [e for e in events_of(self.feed()) if 'UID:' + uid in e]
        return found[which] if len(found) > which else None

    def has(self, uid, *lines):
        """Waits for the event to have these lines: publishing follows the log line."""
        def look():
            e = self.event(uid)
            return e if e and all(l in e for l in lines) else None
        return wait_until(look, '%s with %r in the feed:\n%s' % (uid, lines, self.feed()))

    def gone(self, uid):
        wait_until(lambda: self.event(uid) is None, uid + ' out of the feed')

    def settle(self):
        """What was sent before has been published when this event has."""
        uid = 'sentinel-%d' % next(numbers)
        self.invite(mail(vcalendar(vevent(uid))))
        self.has(uid)


class Invitations(Base):
    def test_life_of_an_event(self):
        self.assertIn('event added', self.invite(mail(vcalendar(vevent('life', 0, 'First')))))
        first = self.has('life', 'SUMMARY:First', 'SEQUENCE:0', 'DTSTART:20300201T150000Z')
        people = ' '.join(l for l in first if l.startswith('ATTENDEE'))
        self.assertIn('mailto:admin@' + DOMAIN, people)
        self.assertIn('mailto:' + SECRETARY, people)

        self.assertIn('event updated', self.invite(mail(vcalendar(
            vevent('life', 2, 'Second', start='20300202T160000Z')))))
        self.has('life', 'SUMMARY:Second', 'SEQUENCE:2', 'DTSTART:20300202T160000Z')
        self.assertEqual(len([e for e in events_of(self.feed()) if 'UID:life' in e]), 1)

        self.assertIn('older', self.invite(mail(vcalendar(vevent('life', 1, 'Stale')))))
        self.settle()
        self.assertIn('SUMMARY:Second', self.event('life'))

        self.assertIn('cancelled', self.invite(mail(vcalendar(
            vevent('life', 3, 'Second'), method='CANCEL'), 'text/calendar; method=CANCEL')))
        self.gone('life')
        # A late copy of what was cancelled does not bring it back.
        self.invite(mail(vcalendar(vevent('life', 2, 'Second'))))
        self.settle()
        self.assertIsNone(self.event('life'))

    def test_equal_sequence_newer_stamp_wins(self):
        self.invite(mail(vcalendar(vevent('stamp', 1, 'Old', stamp='20300101T100000Z'))))
        self.invite(mail(vcalendar(vevent('stamp', 1, 'New', stamp='20300101T110000Z'))))
        self.has('stamp', 'SUMMARY:New')
        self.assertIn('older', self.invite(mail(vcalendar(
            vevent('stamp', 1, 'Late', stamp='20300101T103000Z')))))
        self.settle()
        self.assertIn('SUMMARY:New', self.event('stamp'))

    def test_status_cancelled_removes(self):
        self.invite(mail(vcalendar(vevent('status'))))
        self.has('status')
        self.invite(mail(vcalendar(vevent('status', 1, more=['STATUS:CANCELLED']))))
        self.gone('status')

    def test_one_occurrence_cancelled(self):
        self.invite(mail(vcalendar(vevent('series', 0, 'Weekly', more=['RRULE:FREQ=WEEKLY;COUNT=5']))))
        self.has('series', 'RRULE:FREQ=WEEKLY;COUNT=5')
        self.invite(mail(vcalendar(vevent('series', 1, 'Weekly', more=['RECURRENCE-ID:20300208T150000Z'],
                                          start='20300208T150000Z'), method='CANCEL'),
                         'text/calendar; method=CANCEL'))
        self.settle()
        master = [e for e in events_of(self.feed()) if 'UID:series' in e and 'RRULE:FREQ=WEEKLY;COUNT=5' in e]
        self.assertEqual(len(master), 1, self.feed())
        others = [e for e in events_of(self.feed()) if 'UID:series' in e and e not in master]
        excluded = [l for l in master[0] if l.startswith('EXDATE') and '20300208T150000Z' in l]
        cancelled = [e for e in others if 'STATUS:CANCELLED' in e]
        self.assertTrue(excluded or cancelled, self.feed())
        # The occurrences beside it are untouched.
        self.assertFalse(any('20300215' in l or '20300201' in l for l in master[0] if l.startswith('EXDATE')))

    def test_one_occurrence_moved(self):
        self.invite(mail(vcalendar(vevent('moved', 0, 'Daily', more=['RRULE:FREQ=DAILY;COUNT=3']))))
        self.has('moved')
        self.invite(mail(vcalendar(vevent('moved', 1, 'Later today', start='20300202T190000Z',
                                          more=['RECURRENCE-ID:20300202T150000Z']))))
        self.settle()
        both = [e for e in events_of(self.feed()) if 'UID:moved' in e]
        self.assertEqual(len(both), 2, both)
        override = [e for e in both if 'SUMMARY:Later today' in e][0]
        self.assertIn('RECURRENCE-ID:20300202T150000Z', override)
        self.assertTrue(any('RRULE:FREQ=DAILY;COUNT=3' in e and 'SUMMARY:Daily' in e for e in both))

    def test_however_it_is_carried(self):
        def parts(inner_type, more, body, kind='mixed'):
            text = ('--b\r\nContent-Type: text/plain\r\n\r\nYou are invited.\r\n--b\r\nContent-Type: %s\r\n%s\r\n'
                    % (inner_type, more)).encode()
            body = body if isinstance(body, bytes) else body.encode()
            return mail(text + body + b'\r\n--b--\r\n', 'multipart/%s; boundary=b' % kind)

        def b64(text):
            return base64.encodebytes(text.encode()).replace(b'\n', b'\r\n')

        def calendar(name, summary='Grüße, Ada'):
            return vcalendar(vevent(name, 0, summary.replace(',', '\\,')))

        quoted = 'Content-Transfer-Encoding: quoted-printable\r\n'
        encoded = 'Content-Transfer-Encoding: base64\r\n'
        attached = 'Content-Disposition: attachment; filename="invite.ics"\r\n'
        utf8 = 'text/calendar; charset=utf-8; method=REQUEST'
        cases = {
            'inline': mail(calendar('inline'), utf8),
            'no-method': mail(calendar('no-method'), 'text/calendar; charset=utf-8'),
            'base64': mail(b64(calendar('base64')), utf8, encoded),
            'quoted': mail(quopri.encodestring(calendar('quoted').encode()).replace(b'\n', b'\r\n')
                           .replace(b'\r\r\n', b'\r\n').replace(b'=0D\r\n', b'\r\n'), utf8, quoted),
            'alternative': parts(utf8, '', calendar('alternative'), 'alternative'),
            'attached': parts('application/octet-stream', attached + encoded, b64(calendar('attached'))),
            'app-ics': parts('application/ics; name="invite.ics"', attached + encoded, b64(calendar('app-ics'))),
            'latin1': mail(calendar('latin1').encode('latin-1'), 'text/calendar; charset=iso-8859-1; method=REQUEST'),
            'forwarded': parts('message/rfc822', '', mail(calendar('forwarded'), utf8)[0]),
        }
        for name, message in cases.items():
            with self.subTest(name):
                # The log names the outer message, or the inner one of a forward.
                since = len(self.d.log)
                self.d.send(message[0], to=SECRETARY)
                self.d.wait_log(r' calendar event added uid=%s ' % name, since)
                self.has(name, 'SUMMARY:Grüße\\, Ada', 'DTSTART:20300201T150000Z')

    def test_zone_comes_along(self):
        self.invite(mail(vcalendar(vevent('zoned', start=';TZID=Europe/Berlin:20300701T090000'))))
        self.has('zoned')
        text = self.feed()
        self.assertIn('BEGIN:VTIMEZONE', text)
        self.assertIn('TZID:Europe/Berlin', text)
        start = [l for l in self.event('zoned') if l.startswith('DTSTART')][0]
        self.assertEqual(start, 'DTSTART;TZID=Europe/Berlin:20300701T090000')

    def test_hostile_parts_hurt_nobody(self):
        before = self.event('survivor')
        self.assertIsNone(before)
        self.invite(mail(vcalendar(vevent('survivor'))))
        self.has('survivor')
        bad = ['', 'BEGIN:VCALENDAR\r\n', 'BEGIN:VEVENT\r\n' * 500, '\0\0\0', 'END:VCALENDAR\r\n' * 10,
               vcalendar('BEGIN:VEVENT\r\nSUMMARY:no uid\r\nEND:VEVENT'),
               vcalendar(vevent('bad\x01uid', start='yesterday')),
               vcalendar(vevent('bomb', more=['RRULE:FREQ=SECONDLY'] * 50)),
               vcalendar(vevent('wide', summary='x' * 200000))]
        for body in bad:
            self.invite(mail(body))
        self.settle()
        self.has('survivor')
        feed = self.feed()
        self.assertTrue(feed.startswith('BEGIN:VCALENDAR\r\n') and feed.endswith('END:VCALENDAR\r\n'))
        self.assertLessEqual(max(len(l.encode()) for l in feed.split('\r\n')), 75)

    def test_only_the_secretary_takes_invitations(self):
        before = len([l for l in self.d.log if ' calendar ' in l])
        self.d.send(mail(vcalendar(vevent('elsewhere')))[0], to='me@' + DOMAIN)
        self.settle()
        self.assertIsNone(self.event('elsewhere'))
        self.assertEqual(len([l for l in self.d.log if ' calendar ' in l]), before + 1)

    def test_the_message_is_kept_too(self):
        before = len(self.d.files())
        self.invite(mail(vcalendar(vevent('kept'))))
        self.assertEqual(len(self.d.files()), before + 1)
        wait_until(lambda: not os.listdir(os.path.join(self.d.data, 'webcal', 'pending')), 'pending/ emptied')

    def test_no_more_events_than_allowed(self):
        self.invite(mail(vcalendar(*[vevent('many-%03d' % n) for n in range(130)])))
        self.settle()
        self.assertEqual(sum('UID:many-' in e for e in self.feed().split('\r\n')), 100)


class Http(Base):
    def setUp(self):
        self.invite(mail(vcalendar(vevent('http', 0, 'Ünïcode'))))
        self.has('http')

    def raw(self, text):
        """All that comes back on one connection."""
        with Wire(self.d.port('http')) as w:
            w.send(text)
            return w.rest()

    def request(self, path='/calendar.ics', more='', close=True):
        return ('GET %s HTTP/1.1\r\nHost: h\r\nAuthorization: %s\r\n%s%s\r\n'
                % (path, basic(), more, 'Connection: close\r\n' if close else ''))

    def test_get_and_head(self):
        got = self.get()
        self.assertEqual(got.status, 200)
        self.assertEqual(got.getheader('Content-Type'), 'text/calendar; charset=utf-8')
        self.assertRegex(got.getheader('ETag'), r'\A"[^"]+"\Z')
        self.assertRegex(got.getheader('Last-Modified'), r'\A\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\Z')
        self.assertIn('Accept-Encoding', got.getheader('Vary'))
        text = got.body.decode()
        for line in ('METHOD:PUBLISH', 'VERSION:2.0', 'X-PUBLISHED-TTL:PT15M', 'SUMMARY:Ünïcode'):
            self.assertIn(line + '\r\n', text)
        self.assertRegex(text, r'(?m)^PRODID:.+')
        head = self.get(method='HEAD')
        self.assertEqual((head.status, head.body), (200, b''))
        for name in ('Content-Type', 'Content-Length', 'ETag', 'Last-Modified'):
            self.assertEqual(head.getheader(name), got.getheader(name), name)
        self.assertEqual(int(got.getheader('Content-Length')), len(got.body))

    def test_not_modified(self):
        got = self.get()
        etag, date = got.getheader('ETag'), got.getheader('Last-Modified')
        for headers, status in (({'If_None_Match': etag}, 304), ({'If_None_Match': '"x", %s' % etag}, 304),
                                ({'If_None_Match': 'W/' + etag}, 304), ({'If_None_Match': '*'}, 304),
                                ({'If_None_Match': '"x"'}, 200), ({'If_Modified_Since': date}, 304),
                                ({'If_Modified_Since': 'Thu, 01 Jan 1970 00:00:00 GMT'}, 200),
                                ({'If_None_Match': '"x"', 'If_Modified_Since': date}, 200)):
            r = self.get(**headers)
            self.assertEqual(r.status, status, headers)
            self.assertEqual(r.getheader('ETag'), etag)
            if status == 304:
                self.assertEqual(r.body, b'')
        self.invite(mail(vcalendar(vevent('http-%d' % next(numbers)))))
        wait_until(lambda: self.get(If_None_Match=etag).status == 200, 'another ETag')

    def test_gzip(self):
        plain, packed = self.get(), self.get(Accept_Encoding='gzip')
        self.assertIsNone(plain.getheader('Content-Encoding'))
        self.assertEqual(packed.getheader('Content-Encoding'), 'gzip')
        self.assertEqual(gzip.decompress(packed.body), plain.body)
        self.assertNotEqual(packed.getheader('ETag'), plain.getheader('ETag'))
        again = self.get(Accept_Encoding='gzip', If_None_Match=packed.getheader('ETag'))
        self.assertEqual(again.status, 304)
        self.assertIsNone(self.get(Accept_Encoding='gzip;q=0').getheader('Content-Encoding'))

    def test_password(self):
        r = self.get(auth=None)
        self.assertEqual(r.status, 401)
        self.assertRegex(r.getheader('WWW-Authenticate'), r'\ABasic realm="example.test"')
        for wrong in (basic(password='wrong'), basic(user='root'), 'Basic !!!', 'Bearer ' + basic()[6:]):
            self.assertEqual(self.get(auth=wrong).status, 401, wrong)
            self.assertEqual(self.get().status, 200)        # and the delay of the next failure begins anew
        self.assertEqual(self.get(auth=basic(user='Admin@' + DOMAIN)).status, 200)

    def test_other_answers(self):
        self.assertEqual(self.get('/nothing').status, 404)
        self.assertEqual(self.get('/calendar.ics/x').status, 404)
        self.assertEqual(self.get('/%2e%2e/etc/passwd').status, 404)
        for method in ('POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND'):
            r = self.get(method=method)
            self.assertEqual(r.status, 405, method)
            self.assertEqual(r.getheader('Allow'), 'GET, HEAD')
        health = self.get('/healthz', auth=None)
        self.assertEqual((health.status, health.body), (200, b'ok\n'))

    def test_bad_requests(self):
        cases = {
            'GET /healthz HTTP/1.1\r\n\r\n': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n': 400,
            'GET /healthz HTTP/1.1\nHost: a\n\n': 400,
            'GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\r\n folded\r\n\r\n': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n': 400,
            'GET /healthz FTP/1.1\r\nHost: a\r\n\r\n': 400,
            'GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n': 505,
            'BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n': 501,
            '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\nabcd': 400,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd': 413,
            'GET /healthz HTTP/1.1\r\nHost: a\r\n' + 'X: y\r\n' * 150 + '\r\n': 431,
            'GET /healthz HTTP/1.1\r\nHost: a\r\nX: ' + 'y' * 20000 + '\r\n\r\n': 431,
            'GET /' + 'x' * 9000 + ' HTTP/1.1\r\nHost: a\r\n\r\n': 414,
        }
        for text, status in cases.items():
            answer = self.raw(text.encode('latin-1'))
            self.assertTrue(answer.startswith(b'HTTP/1.1 %d ' % status), (text[:60], answer[:100]))
            self.assertEqual(len(re.findall(rb'HTTP/1\.1 \d\d\d ', answer)), 1)
            self.assertIn(b'\r\nConnection: close\r\n', answer)

    def test_a_body_is_no_request(self):
        inner = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'
        answer = self.raw('POST /calendar.ics HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s' % (len(inner), inner))
        self.assertEqual(answer.count(b'HTTP/1.1 '), 1)
        self.assertTrue(answer.startswith(b'HTTP/1.1 405 '))

    def test_pipelined(self):
        answer = self.raw(self.request(close=False) + self.request('/healthz', close=False) +
                          self.request('/no', close=False) + self.request())
        self.assertEqual(re.findall(rb'HTTP/1\.1 (\d+) ', answer), [b'200', b'200', b'404', b'200'])
        self.assertEqual(answer.count(b'END:VCALENDAR'), 2)

    def test_keep_alive(self):
        c = http.client.HTTPConnection('127.0.0.1', self.d.port('http'), timeout=60)
        for _ in range(3):
            c.request('GET', '/healthz')
            r = c.getresponse()
            self.assertEqual(r.read(), b'ok\n')
            kept = c.sock
            self.assertIsNotNone(kept)
        c.close()
        answer = self.raw('GET /healthz HTTP/1.0\r\n\r\n')
        self.assertTrue(answer.startswith(b'HTTP/1.1 200 ') and answer.endswith(b'ok\n'))

    def test_byte_by_byte(self):
        with Wire(self.d.port('http')) as w:
            for byte in self.request('/healthz').encode():
                w.send(bytes([byte]))
            self.assertTrue(w.rest().endswith(b'ok\n'))


class Lasting(Base):
    def test_feed_survives_restart_and_kill(self):
        self.invite(mail(vcalendar(vevent('lasting', 4, 'Last'))))
        self.has('lasting')
        before, etag = self.feed(), self.get().getheader('ETag')
        self.d.restart()
        self.assertEqual(self.feed(), before)
        self.assertEqual(self.get().getheader('ETag'), etag)
        # An invitation that was answered 250 is in the calendar whatever is killed.
        for n in range(5):
            self.d.send(mail(vcalendar(vevent('killed-%d' % n)))[0], to=SECRETARY)
            self.d.kill()
            self.d.start()
            self.has('killed-%d' % n)
        self.has('lasting', 'SEQUENCE:4')
        self.invite(mail(vcalendar(vevent('lasting', 3, 'Older'))))
        self.settle()
        self.assertIn('SUMMARY:Last', self.event('lasting'))

    def test_broken_file_is_kept_aside(self):
        self.invite(mail(vcalendar(vevent('x'))))
        self.has('x')
        self.d.stop()
        folder = os.path.join(self.d.data, 'webcal')
        path = os.path.join(folder, 'calendar.ics')
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o077, 0)
        with open(path, 'wb') as f:
            f.write(b'\0' * 500)
        self.d.start()
        self.assertTrue(self.feed().startswith('BEGIN:VCALENDAR\r\n'))
        self.assertTrue([n for n in os.listdir(folder) if n.startswith('calendar.ics.broken-')], os.listdir(folder))
        self.invite(mail(vcalendar(vevent('after'))))
        self.has('after')


class Everywhere(Base):
    settings = {'WEBCAL_INGEST': 'all', 'WEBCAL_TLS': 'true', 'WEBCAL_INGEST_USER': 'diary'}

    def get(self, path='/calendar.ics', **_):
        c = http.client.HTTPSConnection('localhost', self.d.port('http'), timeout=60, context=self.d.tls())
        c.request('GET', path, headers={'Authorization': basic()})
        r = c.getresponse()
        r.body = r.read()
        c.close()
        return r

    def test_any_address_and_https(self):
        self.d.send(mail(vcalendar(vevent('any')))[0], to='shop-4711@' + DOMAIN)
        people = ' '.join(l for l in self.has('any') if l.startswith('ATTENDEE'))
        self.assertIn('mailto:diary@' + DOMAIN, people)
        with Wire(self.d.port('http')) as w:
            w.send('GET /healthz HTTP/1.0\r\n\r\n')
            self.assertNotIn(b'200', w.rest())


class Off(unittest.TestCase):
    def test_not_listening_and_mail_goes_on(self):
        with Daemon(WEBCAL_ENABLED='false') as d:
            self.assertFalse([l for l in d.log if 'service=http' in l])
            d.send(mail(vcalendar(vevent('x')))[0], to=SECRETARY)
            self.assertEqual(len(d.files()), 1)
            self.assertFalse(os.path.exists(os.path.join(d.data, 'webcal')))


if __name__ == '__main__':
    unittest.main()
