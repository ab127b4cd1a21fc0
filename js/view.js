// A view of the widget: connects the parts to each other and to the model, and does nothing else.

import { isBlank } from "./history.js";
import { hideKept, isAlone, isGone, watchHost, watchKernel } from "./host.js";
import { createKeys } from "./keys.js";
import { createOffline } from "./offline.js";
import { createPad } from "./pad.js";
import { SHOWN, createPanel } from "./panel.js";
import { listenForPictures } from "./paste.js";
import { createProtocol } from "./protocol.js";
import { importSource } from "./source.js";
import { voiceOn } from "./texts.js";
import { listen } from "./traits.js";

/**
 * @typedef {Pick<typeof import("./feedback/index.js"), "createFeedback">} Asking
 *
 * @typedef {object} OtherTraits
 * @property {string} _kept_as
 * @property {Partial<import("./offline.js").Offline>} _offline
 * @property {{ code?: string | Asking, consent?: string, teaches?: boolean, saves?: boolean, isHere?: boolean }} _feedback
 * @property {import("./feedback/asking.js").Saved} _saved
 * @property {object} _correction
 * @typedef {import("./engine/responder.js").Traits & import("./panel.js").ShownTraits & OtherTraits} Traits
 */

/**
 * Show a pad in an element of the page.
 * @param {Pick<import("@anywidget/types").RenderProps<Traits>, "model" | "el">} props  as anywidget gives them
 * @param {import("./panel.js").CreateModels} [createModels]  if several models are asked
 * @returns {() => void}  what removes it
 */
export function render({ model, el }, createModels) {
  const life = new AbortController();
  const { signal } = life;
  const voice = voiceOn(el.ownerDocument);
  /** Whether something is being dragged over the pad, and whether what was dropped or pasted last is no picture. */
  const dropped = { isOver: false, isRefused: false };

  /** @template {keyof Traits} Name @param {Name} name @param {Traits[Name]} value */
  function set(name, value) {
    model.set(name, value);
    model.save_changes();
  }

  const actions = {
    undo: () => pad.undo(),
    redo: () => pad.redo(),
    clear: () => pad.clear(),
    predict: () => protocol.ask(),
    why: () => set("explaining", !model.get("explaining")),
    resize: (/** @type {number} */ size) => set("size", size),
  };
  const panel = createPanel(el.ownerDocument, actions, createModels);

  const pad = createPad(panel.canvas, {
    onChange: (isFinished) => protocol.change(isFinished),
    onCancel: () => protocol.cancel(),
    onReady: () => protocol.load(),
    signal,
  });

  const refresh = listen(model, [...SHOWN, "_saved"], show, signal);
  const offline = createOffline(model, el.ownerDocument, signal);
  const answerFor = model.get("_offline").always ? offline.answerFor : null;
  const protocol = createProtocol(model, { pad, onChange: refresh, answerFor, signal });

  const keys = createKeys(panel.element, {
    canvas: panel.canvas,
    pad,
    ask() {
      // The stroke that Enter has just finished may be asked about already.
      if (!isBlank(pad.drawing) && protocol.state() !== "waiting") protocol.ask();
    },
    onChange: refresh,
    signal,
  });

  /** @param {Partial<typeof dropped>} news */
  function drop(news) {
    Object.assign(dropped, news);
    refresh();
  }
  listen(model, ["_drawing"], () => dropped.isRefused && drop({ isRefused: false }), signal);
  listenForPictures(panel.canvas, {
    onPicture: protocol.paste,
    onRefuse: () => drop({ isRefused: true }),
    onHover: (isOver) => drop({ isOver }),
    signal,
  });
  /** @type {ReturnType<typeof import("./feedback/index.js").createFeedback> | undefined} */
  let feedback;
  const { code, ...asking } = model.get("_feedback");
  if (code) load(code).catch((error) => model.set("error", `Feedback cannot be given here: ${error.message}`));

  /** Load what asks whether the answer is right. @param {string | Asking} source  a page of its own has the module itself */
  async function load(source) {
    /** @type {Asking} */
    const { createFeedback } = typeof source === "string" ? await importSource(source) : source;
    if (signal.aborted) return;
    feedback = createFeedback(el.ownerDocument, (message) => set("_correction", message), refresh);
    panel.add(feedback.element);
    refresh();
  }

  watchHost(el, refresh, signal);
  watchKernel(model, () => (protocol.state() === "busy" || feedback?.isSlow) && refresh(), signal);

  function show() {
    if (isAlone(el) || (protocol.state() === "busy" && isGone(model))) offline.begin();
    const traits = /** @type {Traits} */ (Object.fromEntries(SHOWN.map((name) => [name, model.get(name)])));
    pad.resize(traits.size);
    panel.show({
      ...traits,
      voice: voice(traits.locale),
      state: protocol.state(),
      isAlone: isAlone(el) && !offline.isOn,
      isOffline: offline.isOn,
      isGone: isGone(model),
      ...dropped,
      isExplained: protocol.isCurrent(traits._why.answered),
      isBlank: isBlank(pad.drawing),
      isDrawing: pad.isDrawing,
      cursor: keys.cursor,
      canUndo: pad.canUndo,
      canRedo: pad.canRedo,
    });
    const { drawn, known = 0 } = model.get("_drawing");
    const isHeard = asking.isHere || !(isAlone(el) || offline.isOn);
    feedback?.show({
      ...traits,
      voice: voice(traits.locale),
      isAnswered: isHeard && protocol.state() === "current" && !isBlank(pad.drawing) && !traits.error,
      isGone: isGone(model),
      of: { answered: model.get("_answered"), drawn: drawn ?? known, result: traits.result },
      saved: model.get("_saved"),
      ...asking,
    });
  }

  const keptAs = model.get("_kept_as");
  const hiding = keptAs ? [hideKept(el.ownerDocument, keptAs)] : [];
  refresh();
  el.append(panel.element, ...hiding);

  return () => {
    life.abort();
    panel.element.remove();
    for (const style of hiding) style.remove();
  };
}
