/* Xinka: what moves on the pages of a trade: quantity and total, countdown, stock. Needs xinka.js. */
(() => {
  "use strict";
  const doc = document, { all, each } = window.xk;
  const moment = (value) => (typeof value === "number" ? value * 1000 : /^[\d.]+$/.test(value) ? value * 1000 : Date.parse(value));

  // quantity and total
  const steps = (box) => {
    const input = box.querySelector("input"), form = box.closest("form") || doc;
    const most = () => Number(input.max) || Infinity, least = () => Number(input.min) || 1;
    const show = () => {
      const count = Math.min(most(), Math.max(least(), Math.trunc(Number(input.value)) || least()));
      all("[data-step]", box).forEach((button) => { button.disabled = Number(button.dataset.step) < 0 ? count <= least() : count >= most(); });
      const tiers = all(".tiers [data-from]", form);
      const tier = tiers.filter((item) => Number(item.dataset.from) <= count).pop();
      tiers.forEach((item) => item.classList.toggle("on", item === tier));
      const digits = Number(box.dataset.digits ?? 2);
      const unit = Number(tier?.dataset.minor ?? box.dataset.minor);
      const extra = all("[data-premium]:checked", form).reduce((sum, item) => sum + Number(item.dataset.premium), 0);
      // An order form knows about sales, levels and codes, and writes its total itself.
      if (unit >= 0 && form.dataset?.buy === undefined) {
        const words = ((unit * count + extra) / 10 ** digits).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
        all("[data-total]").forEach((node) => { node.textContent = words; });
      }
      all("[data-total-count]").forEach((node) => { node.textContent = count; });
      return count;
    };
    box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-step]");
      if (button) { input.value = show() + Number(button.dataset.step); show(); input.dispatchEvent(new Event("change", { bubbles: true })); }
    });
    input.addEventListener("input", show);
    const help = doc.getElementById(input.getAttribute("aria-describedby"));
    input.addEventListener("change", (event) => {
      const typed = Number(input.value), count = show();
      help?.classList.toggle("err", typed !== count);
      if (typed !== count) input.dataset.corrected = event.timeStamp;
      input.value = count;
    });
    if (form !== doc) form.addEventListener("change", show);
    addEventListener("pageshow", show);
  };
  each("[data-qty]", steps);

  // What the page says of its time was true when it began to arrive; on a slow line that is long ago when scripts begin.
  const arrival = performance.getEntriesByType("navigation")[0]?.responseStart || performance.now();
  const underWay = Math.max(0, performance.now() - arrival);

  // countdown by the server's clock
  each("[data-countdown]", (box) => {
    let ends = moment(box.dataset.expires || "") || Date.now() + box.dataset.left * 1000, shift = moment(box.dataset.now) + underWay - Date.now() || 0, before = Infinity;
    const face = box.querySelector("[data-clock]"), arc = box.querySelector(".arc"), ring = box.querySelector(".qr"), say = box.querySelector("[data-say]");
    const tick = () => {
      const left = Math.max(0, Math.ceil((ends - Date.now() - shift) / 1000));
      if (face) face.textContent = `${String(Math.trunc(left / 60)).padStart(2, "0")}:${String(left % 60).padStart(2, "0")}`;
      arc?.setAttribute("stroke-dasharray", `${left} ${box.dataset.length}`);
      ring?.classList.toggle("low", left < 120 && left > 0);
      for (const mark of [300, 60, 0]) if (before > mark && left <= mark && (before < Infinity || !mark) && say) say.textContent = box.dataset[`said-${mark}`] || box.getAttribute(`data-said-${mark}`);
      before = left;
      if (left > 0) return;
      clearInterval(timer);
      box.dataset.over = "";
      arc?.remove();
      ring?.classList.add("gone");
      all(".again, [data-after]", box).forEach((node) => { node.hidden = false; });
      all("[data-while]", box).forEach((node) => { node.hidden = true; });
      box.dispatchEvent(new CustomEvent("xk:expired", { bubbles: true }));
    };
    const timer = setInterval(tick, 1000);
    doc.addEventListener("xk:clock", (event) => {
      const now = moment(event.detail.now || "") - Date.now(); // the Date header knows whole seconds only
      if (Math.abs(now - shift) > 2000) shift = now;
      if (event.detail.expires_at) ends = moment(event.detail.expires_at);
    });
    tick();
  });

  // stock, while the page is looked at
  const poll = async () => {
    const nodes = all("[data-stock-sku]");
    // With commas, and "and more" where counting stops, as the page itself writes it.
    const inStock = (n) => `${n}`.replace(/\B(?=(\d{3})+$)/g, ",") + (n >= 10000 ? "+" : "");
    if (!nodes.length || doc.hidden) return;
    const skus = [...new Set(nodes.map((node) => node.dataset.stockSku))].sort().slice(0, 100);
    try {
      const got = await fetch(`/stock?sku=${skus.map(encodeURIComponent).join(",")}`), answer = await got.json();
      doc.dispatchEvent(new CustomEvent("xk:clock", { detail: { now: got.headers.get("date") } }));
      nodes.forEach((node) => {
        const count = (answer.stock || answer)[node.dataset.stockSku];
        if (count === undefined) return;
        const kind = count === null || count < 0 ? "any" : count === 0 ? "out" : count < Number(node.dataset.low) ? "few" : "have";
        const words = node.dataset[`${kind}Text`].replace("{n}", inStock(count));
        if (node.textContent !== words) node.textContent = words;
        node.className = { any: "live", have: "live", few: "live low wait", out: "live out q" }[kind];
        node.closest(".pc")?.classList.toggle("out", kind === "out");
      });
    } catch { /* next time */ }
  };
  window.xk.poll = poll;
  if (all("[data-stock-sku]").length) {
    setInterval(poll, 10000);
    doc.addEventListener("visibilitychange", poll);
  }

  // Times are the shop's; where the telephone is in another zone, each says in which it is.
  each("time[data-east]", (node) => {
    const east = Number(node.dataset.east);
    if (-new Date(node.dateTime).getTimezoneOffset() !== east) node.after(` (UTC${east < 0 ? "−" : "+"}${Math.abs(east) / 60})`);
  });

  // No browser says that a sending was stopped, by hand or by a lost line, while the page stays: a button must not be dead
  // for ever (xinka.js). An order that comes twice is one; files take their time.
  doc.addEventListener("submit", ({ target: form, defaultPrevented }) => {
    if (defaultPrevented || !form.dataset.sent || all("[type=file]", form).some((input) => input.files.length)) return;
    const revive = () => { delete form.dataset.sent; [...form.elements].forEach((node) => node.removeAttribute("aria-busy")); };
    setTimeout(revive, form.dataset.buy === undefined ? 30000 : 10000);
  });
})();
