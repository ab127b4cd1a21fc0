// The corner that resizes the pad, by dragging or with the arrow keys.

import PAD from "../src/digit_widget/pad.json" with { type: "json" };

const STEP = 20;

/**
 * Make an element the handle that resizes a square.
 *
 * @param {HTMLElement} grip
 * @param {object} options
 * @param {(size: number) => void} options.onPull  called while it is dragged, with the side in CSS pixels
 * @param {(size: number) => void} options.onChange  called when it is released
 */
export function createGrip(grip, { onPull, onChange }) {
  let size = PAD.size;
  /** @type {{ pointer: number, x: number, y: number, size: number } | null} */
  let pull = null;

  const bounded = (/** @type {number} */ n) => Math.min(Math.max(Math.round(n), PAD.smallest), PAD.largest);

  /** @param {number} next */
  function set(next) {
    size = next;
    grip.ariaValueNow = String(size);
  }

  grip.tabIndex = 0;
  grip.role = "slider";
  grip.ariaValueMin = String(PAD.smallest);
  grip.ariaValueMax = String(PAD.largest);
  grip.dataset.lmSuppressShortcuts = "true"; // JupyterLab has its own use for the arrow keys
  set(size);

  grip.addEventListener("keydown", (event) => {
    /** @type {Record<string, number | undefined>} */
    const sizes = {
      ArrowRight: size + STEP,
      ArrowUp: size + STEP,
      ArrowLeft: size - STEP,
      ArrowDown: size - STEP,
      Home: PAD.smallest,
      End: PAD.largest,
    };
    const next = sizes[event.key];
    if (!next || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    set(bounded(next));
    onChange(size);
  });

  // A finger drags here instead of scrolling; done by event, so that only the canvas has a `touch-action`.
  grip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  // A click does not take the focus, and with it JupyterLab's keys.
  grip.addEventListener("mousedown", (event) => event.preventDefault());
  grip.addEventListener("pointerdown", (event) => {
    if (pull || event.button !== 0) return;
    grip.setPointerCapture(event.pointerId);
    pull = { pointer: event.pointerId, x: event.clientX, y: event.clientY, size };
  });
  grip.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pull?.pointer) return;
    const [right, down] = [event.clientX - pull.x, event.clientY - pull.y];
    set(bounded(pull.size + (Math.abs(right) > Math.abs(down) ? right : down)));
    onPull(size);
  });
  grip.addEventListener("lostpointercapture", (event) => {
    if (event.pointerId !== pull?.pointer) return;
    const before = pull.size;
    pull = null;
    if (size !== before) onChange(size);
  });

  return {
    /** Set the size that is shown, except while it is dragged. */
    show(/** @type {number} */ next) {
      if (!pull) set(next);
    },
  };
}
