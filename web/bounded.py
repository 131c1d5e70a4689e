"""Requests whose forms are bounded in fields, however they are written."""

from __future__ import annotations

import io
from typing import IO, Any

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser


class BoundedForms(FormDataParser):
    """werkzeug counts the parts of multipart forms alone; two megabytes of `&a` would be a million fields."""

    def _parse_urlencoded(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> Any:
        written = stream.read()  # bounded by MAX_CONTENT_LENGTH, with or without a length
        if self.max_form_parts is not None and written.count(b"&") >= self.max_form_parts:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(io.BytesIO(written), mimetype, content_length, options)


class BoundedRequest(Request):
    """Flask's request with these forms."""

    form_data_parser_class = BoundedForms
