"""Write digits.json and digits.bin: the bundled network as a page needs it where Python lacks numpy to pack it."""

from __future__ import annotations

import json
from pathlib import Path

from digit_widget import Classifier

HERE = Path(__file__).parent


def main() -> None:
    """Pack the network beside this file."""
    packed = Classifier().packed()
    (HERE / "digits.json").write_text(json.dumps(packed.description) + "\n", encoding="utf-8")
    (HERE / "digits.bin").write_bytes(packed.parts["weights"])


if __name__ == "__main__":
    main()
