"""What runs in the Hub client's own Python: pushes a folder to a model, and says what came of it as one line of JSON.

    uploader.py ENDPOINT TOKEN MODEL FOLDER xet|lfs
"""
import json
import os
import sys
import time

endpoint, token, model, folder, transfer = sys.argv[1:6]
os.environ.update(HF_ENDPOINT=endpoint, HF_TOKEN=token, HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_TELEMETRY="1",
                  HF_HUB_DISABLE_UPDATE_CHECK="1", NO_PROXY="*", no_proxy="*")
if transfer == "lfs":
    os.environ["HF_HUB_DISABLE_XET"] = "1"

from huggingface_hub import HfApi  # noqa: E402

api = HfApi(endpoint=endpoint, token=token)
try:
    api.create_repo(model, exist_ok=True)
    started = time.monotonic()
    commit = api.upload_folder(repo_id=model, folder_path=folder).oid
    print(json.dumps({"commit": commit, "seconds": round(time.monotonic() - started, 2)}))
except Exception as error:  # a server that was killed: the caller tries again
    print(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}))
