"""The web application: a page for people, and addresses for programs."""

from __future__ import annotations

import base64
import binascii
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import anyio
from fastapi import Body, FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse

from .service import BadRequest, Service

PAGE = Path(__file__).with_name("page.html")


def make_app(service: Service, largest: int) -> FastAPI:
    """Addresses: / (a page), /health, /ocr, and /predict/ocr_system or ocr_rec as PaddleOCR's servers have them.

    largest: bytes of a request at most.
    """
    app = FastAPI(title="ocrdata", version=version("ocrdata"), redoc_url=None)
    app.state.service = service

    @app.middleware("http")
    async def refuse_large(request: Request, call_next: Any) -> Any:
        """411 without a length, 413 above `largest`."""
        # Without a length nobody knows what comes: it is asked for, as for a file that is too large.
        length = request.headers.get("content-length")
        if request.method == "POST" and (length is None or not length.isdigit()):
            return JSONResponse({"error": "length_required", "detail": "say Content-Length"}, 411)
        if length is not None and int(length) > largest:
            return JSONResponse({"error": "too_large", "detail": f"{length} bytes; at most {largest}"}, 413)
        return await call_next(request)

    @app.exception_handler(BadRequest)
    async def unreadable(request: Request, error: BadRequest) -> JSONResponse:
        return JSONResponse({"error": error.reason, "detail": error.detail}, 422)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def page() -> str:
        return PAGE.read_text(encoding="utf-8")

    @app.get("/health")
    def health() -> dict[str, str]:
        """Whether the server is up, and what it reads."""
        return {"status": "ok", "reads": service.task}

    @app.post("/ocr")
    async def ocr(file: UploadFile) -> dict[str, Any]:
        """Read a photo, a PDF file or a video: the objects that `ocrdata ocr --json` prints."""
        return {"pages": await anyio.to_thread.run_sync(_read_upload, service, file)}

    name = "ocr_system" if service.task == "photos" else "ocr_rec"

    @app.post(f"/predict/{name}")
    def predict(images: Annotated[list[str], Body(embed=True)]) -> dict[str, Any]:
        """Read pictures in base64, as clients of PaddleOCR's servers send them."""
        return {"msg": "", "results": [_as_paddle(_read_base64(service, image)) for image in images], "status": "000"}

    return app


def _read_upload(service: Service, file: UploadFile) -> list[dict[str, Any]]:
    name = Path(file.filename or "picture").name
    with tempfile.TemporaryDirectory(prefix="ocrdata-") as folder:
        path = Path(folder) / f"sent{Path(name).suffix}"
        with path.open("wb") as copy:
            shutil.copyfileobj(file.file, copy)
        return service.read(path, name)


def _read_base64(service: Service, image: str) -> list[dict[str, Any]]:
    try:
        data = base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise HTTPException(422, f"images: not base64: {error}") from error
    with tempfile.TemporaryDirectory(prefix="ocrdata-") as folder:
        path = Path(folder) / "sent.jpg"  # of pictures the bytes tell the format
        path.write_bytes(data)
        return service.read(path, "picture")


def _as_paddle(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if "texts" not in pages[0]:
        return [{"text": p["text"], "confidence": p["confidence"]} for p in pages]
    return [
        {
            "text": t["text"],
            "confidence": t["confidence"],
            "text_region": [[round(x), round(y)] for x, y in t["points"]],
        }
        for page in pages
        for t in page["texts"]
    ]
