"""For a WSGI server: `gunicorn lettrine.wsgi:app`."""

from config.settings import Settings
from lettrine.app import create_app

app = create_app(Settings())  # type: ignore[call-arg]
