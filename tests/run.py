#!/usr/bin/python3
"""Runs tests and counts them: `run.py [--system] [--clients] PROGRAM...`.

Each PROGRAM is a cmocka test.  With --system the Python tests of tests/system
follow, with --clients those of tests/clients; they start the daemon (LETTERPLATE,
default build/letterplate).  The last
line counts what passed and failed; the exit status is 0 when nothing failed.
"""
import os
import re
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT_S = 600


class Count:
    passed = failed = skipped = 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def run_program(program, count):
    try:
        done = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=LIMIT_S)
        text, status = done.stdout.decode('utf-8', 'replace'), done.returncode
    except subprocess.TimeoutExpired as late:
        text, status = (late.stdout or b'').decode('utf-8', 'replace') + '\ntoo slow', 1
    passed = len(re.findall(r'^\[ +OK +\]', text, re.M))
    failed = len(set(re.findall(r'^\[  FAILED  \] ([A-Za-z_]\w*)', text, re.M)))
    skipped = len(set(re.findall(r'^\[  SKIPPED \] ([A-Za-z_]\w*)', text, re.M)))
    if status != 0 and failed == 0:
        failed = 1  # it crashed, or a sanitizer spoke
    if failed or (passed == 0 and skipped == 0):
        print('%s: FAILED (status %d)\n%s' % (program, status, text[-8000:]), flush=True)
        failed = max(failed, 1)
    else:
        print('%s: %d passed%s' % (program, passed, ', %d skipped' % skipped if skipped else ''), flush=True)
    count.add(passed, failed, skipped)


class Result(unittest.TextTestResult):
    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def addSuccess(self, test):
        super().addSuccess(test)
        print('  %s: ok, %.1f s' % (test.id(), time.monotonic() - self.began), flush=True)


def run_python(folder, count):
    sys.path.insert(0, os.path.join(HERE, 'system'))
    suite = unittest.defaultTestLoader.discover(os.path.join(HERE, folder), 'test_*.py')
    runner = unittest.TextTestRunner(stream=sys.stdout, resultclass=Result, verbosity=0)
    result = runner.run(suite)
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    for test, why in result.skipped:
        print('  %s: skipped, %s' % (test.id(), why))
    count.add(result.testsRun - bad - skipped, bad, skipped)


def main():
    programs = [p for p in sys.argv[1:] if not p.startswith('--')]
    count = Count()
    for program in programs:
        run_program(program, count)
    for folder in ('system', 'clients'):
        if '--' + folder in sys.argv[1:]:
            run_python(folder, count)
    skipped = ', %d skipped' % count.skipped if count.skipped else ''
    print('%d passed, %d failed%s' % (count.passed, count.failed, skipped))
    return 1 if count.failed or not count.passed else 0


if __name__ == '__main__':
    sys.exit(main())
