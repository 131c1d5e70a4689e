"""An S3 server for the tests, in a process of its own: `python -m tests.cluster.s3 PORT BUCKET`."""

from __future__ import annotations

import logging
import sys
import threading
import urllib.request

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def main() -> None:
    """Serves, with one empty bucket, and says so."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port, bucket = int(sys.argv[1]), sys.argv[2]
    server = make_server("127.0.0.1", port, DomainDispatcherApplication(create_backend_app), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    asked = urllib.request.Request(f"http://127.0.0.1:{server.server_port}/{bucket}", method="PUT")
    urllib.request.urlopen(asked).read()
    print(server.server_port, flush=True)
    sys.stdin.read()  # until whoever started it lets go


if __name__ == "__main__":
    main()
