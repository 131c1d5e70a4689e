"""For a WSGI server: `gunicorn lettrine.wsgi:app`."""

import os

from config.settings import Settings
from lettrine import logs
from lettrine.app import create_app

os.umask(0o077)  # what is written is for this account alone
logs.configure()
app = create_app(Settings())  # type: ignore[call-arg]
