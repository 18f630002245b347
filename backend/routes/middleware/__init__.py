"""What every request goes through, from the outside in: the path below which it is served; the names of
cookies; its id, log line, numbers and headers; whether there is room for it; its time; HEAD; compression.
"""

from fastapi import FastAPI

from backend.routes.middleware.busy import Busy
from backend.routes.middleware.compression import Compression
from backend.routes.middleware.head import HeadAsGet
from backend.routes.middleware.limits import TimeLimit
from backend.routes.middleware.request import RequestScope
from backend.routes.middleware.root_path import RootPath
from backend.routes.middleware.secure_cookies import SecureCookies


def install(app: FastAPI) -> None:
    """Put the middleware around the application."""
    # Never pictures: how well one can be compressed could tell real from fake.
    app.add_middleware(Compression, minimum_size=1000, compresslevel=6, exclude_content_types=("image/*",))
    app.add_middleware(HeadAsGet)
    app.add_middleware(TimeLimit)
    app.add_middleware(Busy)
    app.add_middleware(RequestScope)
    app.add_middleware(SecureCookies)
    app.add_middleware(RootPath)
