"""The clients of tests/system once more, each in its longest test over TLS, with what
they say written down.  Without KEEP_TRANSCRIPTS there is nothing new to learn."""
import os
import unittest

import test_clients
import test_clients_sync
from recorder import NOT_RECORDED, Recorder
from transcript import keep_transcript


def recorded(client, test):
    """That test of that class, by way of a recorder."""
    class Recorded(client):
        settings = {'IMAP_DISABLE_CAPABILITIES': NOT_RECORDED}

        def setUp(self):
            super().setUp()
            self.recorder = Recorder(self.daemon)
            self.addCleanup(self.recorder.close)
            self.recorder.take_over(self.daemon)

        def runTest(self):
            getattr(self, test)()
            keep_transcript(self.program, self.recorder.transcript())
    return Recorded()


def load_tests(loader, standard, pattern):
    suite = unittest.TestSuite()
    if os.environ.get('KEEP_TRANSCRIPTS'):
        suite.addTests([recorded(test_clients_sync.Mbsync, 'test_both_ways_over_tls'),
                        recorded(test_clients_sync.Offlineimap, 'test_both_ways_over_tls'),
                        recorded(test_clients.Mutt, 'test_over_implicit_tls'),
                        recorded(test_clients.Fetchmail, 'test_takes_everything_away')])
    return suite
