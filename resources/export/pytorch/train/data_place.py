import hashlib
import urllib.request


def place(given):
    """Where the pictures are: as the command says, as config.json says, or fetched into the folder data."""
    for path in (given, DATA["path"] and Path(DATA["path"]), HERE / "data"):
        if path is not None and path.exists():
            return path
    if given is not None or not DATA["files"]:
        raise SystemExit(
            f"There is no {given or DATA['path']}. Say where the pictures are: --data PATH"
        )
    if int(os.environ.get("LOCAL_RANK", 0)):
        raise SystemExit(
            "Fetch the pictures first, with one process: python train.py --epochs 1"
        )
    for file in DATA["files"]:
        fetch(
            file["url"], file["sha256"], HERE / "data" / file["url"].rpartition("/")[2]
        )
    return HERE / "data"


def fetch(url, sha256, path):
    """Fetch one published file and check it."""
    print(f"Fetching {url}", flush=True)
    with urllib.request.urlopen(url, timeout=60) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SystemExit(
            f"{url} is not the published file any more. Get it elsewhere: --data PATH"
        )
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
