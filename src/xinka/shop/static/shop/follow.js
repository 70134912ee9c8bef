/* An order's page follows its order: it asks and waits until the order has moved, then shows the page as it is now. */
(() => {
  "use strict";
  const doc = document, { all, each } = window.xk;

  // Asks the shop, which answers within 25 seconds. A telephone that comes back out of a tunnel or from the payment app holds
  // lines that are dead without its knowing: they are given up then, and after 40 seconds without a word.
  const comesBack = (act) => {
    const seen = () => { if (!doc.hidden) act(); };
    addEventListener("online", seen);
    ["visibilitychange", "xk:ask"].forEach((type) => doc.addEventListener(type, seen));
    return () => { removeEventListener("online", seen); ["visibilitychange", "xk:ask"].forEach((type) => doc.removeEventListener(type, seen)); };
  };
  const ask = async (address, read, headers) => {
    const line = new AbortController(), giveUp = () => line.abort(), late = setTimeout(giveUp, 40000), off = comesBack(giveUp);
    try {
      const answer = await fetch(address, { headers, signal: line.signal });
      if (!answer.ok) throw Object.assign(new Error(answer.status), { isGone: [404, 410].includes(answer.status) });
      return [await answer[read](), answer.headers.get("date")];
    } finally { clearTimeout(late); off(); }
  };
  const pause = (time) => new Promise((go) => {
    const off = comesBack(() => { clearTimeout(timer); off(); go(); }), timer = setTimeout(() => { off(); go(); }, time);
  });

  // No page is left while the shop does not answer: the browser's own error page would stand in its place.
  each("[data-order-status]", async (box) => {
    // What has expired while it was looked at invites nobody to pay any more: the shop shows what is left to do.
    let isOver = Boolean(box.querySelector("[data-over]")), isLost = false, wait = 1000;
    box.addEventListener("xk:expired", () => setTimeout(() => { isOver = true; doc.dispatchEvent(new Event("xk:ask")); }, 1500));
    const show = async () => {
      const { swap, next } = box.dataset;
      if (!swap || !window.htmx) { location.assign(next || location.href); return; }
      const [text] = await ask(next || location.href, "text", { "HX-Request": "true" });
      htmx.swap(swap, text, { swapStyle: "outerHTML" }, { select: swap });
    };
    // Without the order's cookie the page can never follow: it says so, and goes on once the browser has one again.
    const tellLost = (lost) => { isLost = lost; all("[data-lost]", box).forEach((node) => { if (node.hidden === lost) node.hidden = !lost; }); };
    while (box.isConnected) {
      if (doc.hidden) await new Promise((go) => doc.addEventListener("visibilitychange", go, { once: true }));
      const after = isOver || isLost ? "" : `?after=${encodeURIComponent(box.dataset.state)}`;
      try {
        const [order, now] = await ask(box.dataset.orderStatus + after, "json", { Accept: "application/json" });
        doc.dispatchEvent(new CustomEvent("xk:clock", { detail: { now, ...order } }));
        tellLost(false);
        wait = 1000;
        if (order.state !== box.dataset.state) { await show(); return; }
        if (isOver) { location.reload(); return; }
      } catch (error) {
        if (error.isGone) tellLost(true);
        wait = error.name === "AbortError" ? 300 : Math.min(wait * 2, 15000);
      }
      await pause(wait);
    }
  });
})();
