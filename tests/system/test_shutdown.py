"""SIGTERM: what is under way is finished, everybody is told, and it is quick."""
import os
import signal
import socket
import time
import unittest

from daemon import Daemon, Wire
from test_webcal import SECRETARY, basic, mail, vcalendar, vevent


class Shutdown(unittest.TestCase):
    def setUp(self):
        self.d = Daemon()
        self.addCleanup(self.d.__exit__)
        self.d.start()

    def begin_message(self, more='Subject: half\r\n\r\nfirst half\r\n'):
        w = self.d.smtp_wire()
        self.addCleanup(w.close)
        for command in ('MAIL FROM:<a@elsewhere.test>', 'RCPT TO:<me@example.test>', 'DATA'):
            self.assertIn(w.ask(command)[0], '23')
        w.send(more)
        return w

    def end(self, signal_number=signal.SIGTERM):
        """Sends the signal; it has been heard."""
        ports = [self.d.port('smtp'), self.d.port_imap(), self.d.port_imaps(), self.d.port('http')]
        self.began = time.monotonic()
        self.d.process.send_signal(signal_number)
        self.d.wait_log(r' app ending ')
        return ports

    def ended(self, within):
        """Its exit status was 0, in time."""
        self.assertEqual(self.d.process.wait(60), 0)
        self.assertLess(time.monotonic() - self.began, within)
        self.d.wait_log(r' app ended ')
        self.d.stop()

    def test_finishes_a_message(self):
        w = self.begin_message()
        idle = self.d.smtp_wire()
        imap = self.d.imap_wire()
        pushes = self.d.imap_wire()
        pushes.command('SELECT INBOX')
        pushes.send('i IDLE\r\n')
        pushes.line()
        http = Wire(self.d.port('http'))
        with idle, imap, pushes, http:
            ports = self.end()
            self.assertEqual(idle.reply()[:9], '421 4.3.2')
            self.assertTrue(idle.has_ended())
            for session in (imap, pushes):
                self.assertTrue(session.line().startswith('* BYE'))
                self.assertTrue(session.has_ended())
            self.assertTrue(http.has_ended())
            for port in ports:
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection(('127.0.0.1', port), 10)
            self.assertIsNone(self.d.process.poll())         # it waits for the message
            w.send('second half\r\n.\r\nMAIL FROM:<b@elsewhere.test>\r\n')
            self.assertEqual(w.reply()[:9], '250 2.0.0')
            self.assertEqual(w.reply()[:9], '421 4.3.2')
            self.assertTrue(w.has_ended())
        self.ended(within=10)
        path, = self.d.files()
        with open(path) as f:
            self.assertTrue(f.read().endswith('\n\nfirst half\nsecond half\n'))

    def test_does_not_wait_for_ever(self):
        """A message that never ends: ten seconds, and nothing of it is left."""
        w = self.begin_message('x' * 1000000)
        self.end()
        self.ended(within=14)
        self.assertGreater(time.monotonic() - self.began, 8)
        self.assertEqual(self.d.files(), [])
        self.assertEqual(os.listdir(os.path.join(self.d.maildir, 'tmp')), [])
        del w

    def test_quick_when_idle(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.end(number)
            self.ended(within=5)
            self.d.start()

    def test_twice_is_once(self):
        w = self.begin_message()
        self.end()
        self.d.process.send_signal(signal.SIGTERM)
        w.send('.\r\n')
        self.assertEqual(w.reply()[:3], '250')
        self.ended(within=10)

    def test_what_was_answered_is_finished(self):
        """An invitation that was answered 250 is in the feed's file after the end."""
        self.d.send(mail(vcalendar(vevent('last-minute')))[0], to=SECRETARY)
        self.end()
        self.ended(within=10)
        self.d.start()
        with Wire(self.d.port('http')) as w:
            w.send('GET /calendar.ics HTTP/1.0\r\nAuthorization: %s\r\n\r\n' % basic())
            self.assertIn(b'UID:last-minute\r\n', w.rest())


if __name__ == '__main__':
    unittest.main()
