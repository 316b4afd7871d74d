"""What the README and config.env.example say is what the table of settings says."""
import os
import re
import subprocess
import unittest

from daemon import PROGRAM, ROOT


def printed(option):
    return subprocess.run([PROGRAM, option], stdout=subprocess.PIPE, check=True).stdout.decode()


def read(name):
    with open(os.path.join(ROOT, name), encoding='utf-8') as f:
        return f.read()


class Readme(unittest.TestCase):
    def test_config_example(self):
        self.assertEqual(printed('--print-config-example'), read('config.env.example'))

    def test_table_of_settings(self):
        between = re.search(r'<!-- settings:.*?-->\n(.*?)<!-- end of settings -->', read('README.md'), re.S)
        self.assertEqual(printed('--print-config-table'), between.group(1))

    def test_map_of_folders(self):
        text = read('README.md').split('## For those who build it')[1]
        for folder in sorted(os.listdir(os.path.join(ROOT, 'src'))):
            if os.path.isdir(os.path.join(ROOT, 'src', folder)):
                self.assertIn('`%s`' % folder, text)


if __name__ == '__main__':
    unittest.main()
