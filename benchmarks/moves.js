// Notes in the page which moves of a pressed mouse reach it, and when what is on it shifts.
() => {
  let strokes = [];
  let shifts = [];

  document.addEventListener("pointerdown", () => strokes.push({ events: 0, moves: [] }), { capture: true });
  document.addEventListener(
    "pointermove",
    (event) => {
      if (!event.buttons) return;
      const stroke = strokes.at(-1);
      stroke.events++;
      for (const { timeStamp } of event.getCoalescedEvents()) stroke.moves.push(timeStamp);
    },
    { capture: true },
  );
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput } of list.getEntries()) shifts.push([value, hadRecentInput]);
  }).observe({ type: "layout-shift" });

  /** What was noted since the last time; strokes: of each the events, and the times of all moves in them, in ms. */
  window.takeNoted = () => {
    const noted = { strokes, shifts };
    [strokes, shifts] = [[], []];
    return noted;
  };
}
