/* The order form: keeps the expected total, the ways to pay and the request key in step with what was chosen. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-buy]");
  if (!form) return;
  const all = (query) => [...form.querySelectorAll(query)];
  const field = (name) => form.elements.namedItem(name);
  const quantity = form.querySelector("[data-qty] input");

  // One key per set of choices: pressing twice, or coming back and pressing again, is the same order. Browsers that make
  // the page anew for "back" or "reload" forget the key, so it is kept for the tab; a page opened afresh is a new order.
  const memory = `xk-order:${location.pathname}`;
  const choices = () => JSON.stringify(["sku", "quantity", "contact", "channel", "password", "chosen"].map((name) => all(`[name=${name}]`).filter((item) => item.type !== "radio" || item.checked).map((item) => item.value)));
  const kept = () => { try { return JSON.parse(sessionStorage.getItem(memory)) ?? {}; } catch { return {}; } };
  const keep = () => { try { sessionStorage.setItem(memory, JSON.stringify({ key: field("request_key").value, choices: choices() })); } catch { /* then pressing again may be a second order, never a second charge */ } };
  const renew = () => { field("request_key").value = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""); };
  const resume = () => {
    const isAgain = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
    if (isAgain && kept().choices === choices()) field("request_key").value = kept().key;
  };

  const total = () => {
    const count = Number(quantity.value) || 0;
    const tier = all(".tiers [data-from]").filter((item) => Number(item.dataset.from) <= count).pop();
    const premium = all("[data-premium]:checked").reduce((sum, item) => sum + Number(item.dataset.premium), 0);
    return Number(tier?.dataset.minor ?? form.dataset.unit) * count + premium;
  };

  const keepWays = (sum) => {
    for (const way of all("[name=channel]")) {
      const fits = sum >= Number(way.dataset.least) && sum <= Number(way.dataset.most);
      way.disabled = !fits;
      if (!fits) way.checked = false;
      way.closest(".opt").classList.toggle("off", !fits);
      way.closest(".opt").querySelector("[data-why]").hidden = fits;
    }
    if (!all("[name=channel]:checked").length) { const first = all("[name=channel]:enabled")[0]; if (first) first.checked = true; }
  };

  const show = () => {
    const isChosen = all("[data-premium]:checked").length > 0;
    if (isChosen && quantity.value !== "1") { quantity.value = "1"; quantity.dispatchEvent(new Event("input", { bubbles: true })); }
    const sum = total();
    field("expected").value = String(sum);
    keepWays(sum);
    all(".opt").forEach((option) => option.classList.toggle("on", Boolean(option.querySelector("input:checked"))));
  };
  const changed = () => { show(); renew(); };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", (event) => { if (event.target.closest("[data-step]")) setTimeout(changed); });
  addEventListener("pageshow", () => { show(); resume(); });
  show();
  if (!field("request_key").value) renew();

  // The contact: judged when left, not while typing.
  const contact = form.querySelector("[data-contact]"), error = document.getElementById("contact-e");
  const isGood = (text) => /^([1-9]\d{4,11}|[^\s@]+@[^\s@.]+(\.[^\s@.]+)+)$/.test(text.normalize("NFKC").trim());
  const judge = () => {
    const bad = contact.value !== "" && !isGood(contact.value);
    error.hidden = !bad;
    if (bad) contact.setAttribute("aria-invalid", "true"); else contact.removeAttribute("aria-invalid");
    return !bad;
  };
  contact.addEventListener("blur", judge);
  contact.addEventListener("input", () => { if (contact.hasAttribute("aria-invalid")) judge(); });
  form.addEventListener("submit", (event) => { if (!judge()) { event.preventDefault(); contact.focus(); } else keep(); }, true);
})();
