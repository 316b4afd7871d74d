"""NOTIFY (RFC 5465) over sockets: mail that comes by SMTP is told of at once, without IDLE."""
import re
import time
import unittest

from daemon import DaemonCase

MESSAGE = 'From: a@elsewhere.test\r\nTo: me\r\nSubject: told\r\n\r\nhello\r\n'


class Notify(DaemonCase):
    def test_other_mailbox(self):
        with self.d.imap_wire() as w:
            self.assertIn('NOTIFY', w.command('CAPABILITY')[0].split())
            said = w.command('NOTIFY SET STATUS (INBOXES (MessageNew MessageExpunge))')
            before = int(re.match(r'\* STATUS INBOX \(MESSAGES (\d+) ', said[0]).group(1))
            self.assertTrue(said[-1].startswith('OK'), said)
            took = []
            for count in range(1, 6):
                self.d.send(MESSAGE)
                began = time.monotonic()
                self.assertTrue(w.line().startswith('* STATUS INBOX (MESSAGES %d ' % (before + count)))
                took.append(time.monotonic() - began)
            # After the 250; it is often there before that.
            self.assertLess(min(took), 0.5)

    def test_selected(self):
        with self.d.imap_wire() as w, self.d.imap_wire() as other:
            other.command('CREATE Told')
            w.command('SELECT INBOX')
            w.command('NOTIFY SET (SELECTED (MessageNew (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)]) '
                      'MessageExpunge FlagChange)) (PERSONAL (MailboxName MessageNew MessageExpunge))')
            self.d.send(MESSAGE)
            said = []
            while not said or said[-1] != ')':
                said.append(w.line())
            number = re.match(r'\* (\d+) EXISTS', said[0]).group(1)
            fetch = next(line for line in said if ' FETCH ' in line)
            self.assertRegex(fetch, r'^\* %s FETCH \(UID \d+ BODY\[HEADER.FIELDS \(SUBJECT\)\] \{17\}$' % number)
            self.assertIn('Subject: told', said)
            other.command('SELECT INBOX')
            other.command('STORE %s +FLAGS.SILENT (\\Deleted)' % number)
            self.assertRegex(w.line(), r'^\* %s FETCH \(UID \d+ FLAGS \(.*\\Deleted' % number)
            other.command('EXPUNGE')
            self.assertEqual(w.line(), '* %s EXPUNGE' % number)
            line = w.line()
            if line.endswith(' RECENT'):
                other.command('CREATE Told/More')
                line = w.line()
            else:
                self.fail(line)
            self.assertEqual(line, '* LIST (\\HasNoChildren) "/" Told/More')
            self.assertEqual(w.line(), '* LIST (\\HasChildren) "/" Told')
            # The IMAP connection is a usual one all the same.
            self.assertTrue(w.command('NOTIFY NONE')[-1].startswith('OK'))
            self.d.send(MESSAGE)
            self.assertEqual(len(w.command('NOOP')), 1)


if __name__ == '__main__':
    unittest.main()
