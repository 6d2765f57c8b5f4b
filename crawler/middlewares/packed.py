"""Compressed answers are bytes until they are unpacked."""

from __future__ import annotations

from scrapy import Request
from scrapy.http import Response, TextResponse


class PackedAnswers:
    """Hands them to Scrapy's HttpCompressionMiddleware as bytes: of a text it copies the charset, which is guessed
    from the packed bytes for that, thrown away, and costs more than the rest of the download."""

    def process_response(self, request: Request, response: Response) -> Response:
        if isinstance(response, TextResponse) and "Content-Encoding" in response.headers:
            return Response(**{name: getattr(response, name) for name in Response.attributes})
        return response
