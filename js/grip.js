// The corner that makes the pad larger or smaller: pulled, or with the arrow keys.

import PAD from "../src/digit_widget/pad.json";

const STEP = 20;

/**
 * Make an element the grip of a square.
 *
 * @param {HTMLElement} grip
 * @param {object} options
 * @param {(size: number) => void} options.onPull  it is being pulled to that many CSS pixels
 * @param {(size: number) => void} options.onChange  it was let go there
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
  grip.dataset.lmSuppressShortcuts = "true"; // JupyterLab's, which would take the arrow keys for its own
  set(size);

  grip.addEventListener("keydown", (event) => {
    /** @type {Record<string, number>} */
    const sizes = {
      ArrowRight: size + STEP,
      ArrowUp: size + STEP,
      ArrowLeft: size - STEP,
      ArrowDown: size - STEP,
      Home: PAD.smallest,
      End: PAD.largest,
    };
    if (!Object.hasOwn(sizes, event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    set(bounded(sizes[event.key]));
    onChange(size);
  });

  // Here a finger pulls instead of scrolling; said by event, so that `touch-action` remains the canvas's alone.
  grip.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  // Nor does a hand bring the focus: JupyterLab would miss its keys.
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
    /** Say what the size is now; a hand that pulls knows better. */
    show(/** @type {number} */ next) {
      if (!pull) set(next);
    },
  };
}
