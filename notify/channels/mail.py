"""Mail: through an SMTP server, or as .eml files where none is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from notify import addresses, composing
from notify.channels import Outlet
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from notify.smtp import Pool
from store.errors import Unavailable
from store.safe_files import write_private

provider = addresses.provider


def fits(address: str) -> bool:
    return "://" not in address


def checked(address: str, *, allow_private: bool) -> str:
    return addresses.checked_address(address)


def shown(address: str) -> str:
    return address


@asynccontextmanager
async def opened(post: Post) -> AsyncIterator[Outlet]:
    if post.relay is None:
        yield Folder(post)
        return
    pool = Pool(post.relay, post.domain)
    try:
        yield Smtp(post, pool)
    finally:
        await pool.close()


class Folder:
    """Mail as .eml files. A delivery that is repeated replaces its own file."""

    def __init__(self, post: Post) -> None:
        self.post = post

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        path = self.post.outbox / f"{parcel.kind}-{parcel.id:06d}.eml"
        message = composing.message(letter, parcel, self.post)
        try:
            await asyncio.to_thread(write_private, path, message)
        except OSError as error:
            raise Unavailable(
                f"outbox {self.post.outbox}: {error.strerror}; make room or make it writable"
            ) from error
        return Answer("sent", str(path))


class Smtp:
    def __init__(self, post: Post, pool: Pool) -> None:
        self.post, self.pool = post, pool

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        message = composing.message(letter, parcel, self.post)
        return await self.pool.send(self.post.bounces or self.post.address, parcel.address, message)
