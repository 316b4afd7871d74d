"""The library that most programs in JavaScript read mail with.  NODE_LIBRARIES is a
folder in which `npm install imapflow` was run."""
import json
import os
import shutil
import subprocess
import unittest

from daemon import Daemon, PASSWORD, USER
from recorder import NOT_RECORDED, Recorder
from test_thunderbird import message
from transcript import keep_transcript

HERE = os.path.dirname(os.path.abspath(__file__))
LIBRARIES = os.environ.get('NODE_LIBRARIES', '')
LIMIT_S = 90


@unittest.skipUnless(shutil.which('node') and os.path.isdir(os.path.join(LIBRARIES, 'node_modules', 'imapflow')),
                     'node or imapflow is not installed')
class Imapflow(unittest.TestCase):
    def run_client(self, daemon, port):
        done = subprocess.run(['node', os.path.join(HERE, 'imapflow.mjs'), str(port), daemon.certfile, USER, PASSWORD],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=LIMIT_S)
        self.assertEqual(done.returncode, 0, done.stderr.decode() + '\n'.join(daemon.log[-20:]))
        return json.loads(done.stdout)

    def check(self, seen):
        self.assertIn(['Trash', '\\Trash'], seen['folders'])
        self.assertEqual((seen['status']['messages'], seen['status']['unseen']), (12, 12))
        self.assertEqual(seen['subjects'], [[n + 1, n + 1, 'Message %d' % n, 'text/plain', True, True]
                                            for n in range(12)])
        self.assertEqual(seen['found'], [1, 4, 7, 10])
        self.assertEqual(seen['from'], [2, 11, 12])
        self.assertEqual(seen['flags'], ['Later', '\\Seen'])
        self.assertEqual(seen['download'][0], seen['download'][1])
        self.assertTrue(seen['download'][2])
        self.assertEqual(seen['moved'], 'Neu/Ä & B')
        self.assertEqual(seen['copied'], [1, 2])
        self.assertEqual(seen['told'][0], 11)
        self.assertTrue(seen['flagged'])

    def test_both_ways(self):
        with Daemon(DEBUG='true', IMAP_DISABLE_CAPABILITIES=NOT_RECORDED) as d:
            recorder = Recorder(d)
            self.addCleanup(recorder.close)
            for n in range(12):
                recorder.deliver(message(n, 'pear' if n % 3 == 0 else 'apple'))
            self.check(self.run_client(d, recorder.port))
            self.assertNotRegex(d.log_text(), r'reply .*status=BAD')
            keep_transcript('imapflow', recorder.transcript())

    def test_compressed(self):
        with Daemon(DEBUG='true') as d:
            for n in range(12):
                d.send(message(n, 'pear' if n % 3 == 0 else 'apple'))
            self.check(self.run_client(d, d.port_imaps()))
