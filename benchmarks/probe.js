// Times exchanges with Python in the page: from a real pointerup on a surface to the frame that shows the new text.
// surfaces: name -> [the element the pointer is lifted from, the element whose text is the answer].
(surfaces) => {
  const PATIENCE = 20_000; // ms
  const probe = { drawingBytes: 0 }; // of the last drawing sent; the loaded echo sends as many
  let sample = null;
  let finish = null;
  const known = new WeakSet();

  const text = (data) => (typeof data === "string" ? data : new TextDecoder().decode(data));
  const isUpdate = ({ data }) => /"method":\s*"update"/.test(text(data));
  const size = (data) => data.byteLength ?? new TextEncoder().encode(data).length;

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (!known.has(this)) {
      known.add(this);
      // The event's own time is that of its arrival, however long the page's listeners took before this one.
      this.addEventListener("message", ({ timeStamp, data }) => sample?.received.push({ at: timeStamp, data }));
    }
    sample?.sent.push({ at: performance.now(), data });
    return send.call(this, data);
  };

  function begin(name, event) {
    sample = { name, lifted: event.timeStamp, sent: [], received: [] };
    probe.done = new Promise((resolve, reject) => {
      finish = resolve;
      const { sent, received } = sample;
      setTimeout(() => reject(new Error(`no answer; ${sent.length} sent, ${received.length} received`)), PATIENCE);
    });
  }

  function changed(target) {
    if (!sample || sample.changed || surfaces[sample.name][1] !== target) return;
    sample.changed = performance.now();
    sample.text = target.textContent;
    requestAnimationFrame(() => {
      finish(told(sample, performance.now()));
      sample = null;
    });
  }

  /** What was measured; reading the messages waits until the clock has stopped. */
  function told({ name, lifted, sent, received, changed, text }, painted) {
    const question = sent.find(isUpdate);
    const answer = received.filter(({ at }) => at <= changed).findLast(isUpdate);
    const bytes = question && size(question.data);
    if (name === "pad") probe.drawingBytes = bytes;
    return { name, text, bytes, lifted, sent: question?.at, received: answer?.at, changed, painted };
  }

  for (const [name, [surface, target]] of Object.entries(surfaces)) {
    surface.addEventListener("pointerup", (event) => begin(name, event), { capture: true });
    new MutationObserver(() => changed(target)).observe(target, { childList: true, characterData: true, subtree: true });
  }
  window.digitWidgetProbe = probe;
}
