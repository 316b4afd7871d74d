"""Where conversations with real clients are kept (tests/data/transcripts)."""
import os

PLACE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'data', 'transcripts')


def keep_transcript(client, text):
    """With KEEP_TRANSCRIPTS set only: they are evidence, not a by-product."""
    if not os.environ.get('KEEP_TRANSCRIPTS'):
        return
    os.makedirs(PLACE, exist_ok=True)
    with open(os.path.join(PLACE, client + '.txt'), 'w') as f:
        f.write(text)
