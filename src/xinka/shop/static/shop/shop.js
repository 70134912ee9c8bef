/* The order form: keeps the expected total, the ways to pay and the request key in step with what was chosen. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-buy]");
  if (!form) return;
  const all = (query) => [...form.querySelectorAll(query)];
  const field = (name) => form.elements.namedItem(name);
  const quantity = form.querySelector("[data-qty] input");

  // One key per set of choices: pressing twice, or coming back and pressing again, is the same order. Browsers that make
  // the page anew for "back" or "reload" forget the key, so it is kept for the tab; for another tab the shop knows what this browser ordered last.
  const memory = `xk-order:${location.pathname}`;
  // Of the choices only a sum is kept (FNV-1a, 32 bits): a contact and an order password have no place in a browser's storage.
  const sum = (text) => { let found = 0x811c9dc5; for (const letter of text) found = Math.imul(found ^ letter.codePointAt(0), 0x01000193); return found >>> 0; };
  const choices = () => sum(JSON.stringify(["sku", "quantity", "contact", "channel", "password", "chosen", "coupon", "sale"].map((name) => all(`[name=${name}]`).filter((item) => item.type !== "radio" || item.checked).map((item) => item.value))));
  const kept = () => { try { return JSON.parse(sessionStorage.getItem(memory)) ?? {}; } catch { return {}; } };
  const keep = () => { try { sessionStorage.setItem(memory, JSON.stringify({ key: field("request_key").value, choices: choices() })); } catch { /* then pressing again may be a second order, never a second charge */ } };
  // The time first, then chance: keys of one moment lie together in the shop's index.
  const renew = () => { field("request_key").value = Date.now().toString(16).padStart(12, "0") + [...crypto.getRandomValues(new Uint8Array(10))].map((byte) => byte.toString(16).padStart(2, "0")).join(""); };
  const resume = () => {
    const isAgain = performance.getEntriesByType("navigation")[0]?.type !== "navigate";
    if (isAgain && kept().choices === choices()) field("request_key").value = kept().key;
  };

  // The same reckoning as promotions/pricing.py: tier or sale, level, premium, one code; at least one minor unit is left.
  const price = () => {
    const count = Number(quantity.value) || 0, { unit, level, fixed, share, most } = form.dataset;
    const tier = all(".tiers [data-from]").filter((item) => Number(item.dataset.from) <= count).pop();
    const premium = all("[data-premium]:checked").reduce((sum, item) => sum + Number(item.dataset.premium), 0);
    const goods = Number(tier?.dataset.minor ?? unit) * count;
    const levelOff = Math.floor((goods * Number(level || 0)) / 10000), subtotal = goods - levelOff + premium;
    const part = Math.min(Math.floor((subtotal * Number(share || 0)) / 10000), most ? Number(most) : Infinity);
    const codeOff = Math.max(0, Math.min(Number(fixed || 0) + part, subtotal - 1));
    return { levelOff, codeOff, total: subtotal - codeOff };
  };
  const figures = (minor) => { const digits = Number(form.dataset.digits); return (minor / 10 ** digits).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }); };
  const write = ({ levelOff, codeOff, total }) => {
    document.querySelectorAll("[data-total]").forEach((node) => { node.textContent = figures(total); });
    all("[data-level-off]").forEach((node) => { node.textContent = form.dataset.sign + figures(levelOff); });
    all("[data-code-off]").forEach((node) => { node.textContent = form.dataset.sign + figures(codeOff); });
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
    const sums = price();
    field("expected").value = String(sums.total);
    keepWays(sums.total);
    write(sums);
    all(".opt").forEach((option) => option.classList.toggle("on", Boolean(option.querySelector("input:checked"))));
  };
  const changed = () => { show(); renew(); };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("click", (event) => { if (event.target.closest("[data-step]")) setTimeout(changed); });
  addEventListener("pageshow", () => { show(); resume(); });
  show();
  if (!field("request_key").value) renew();

  // The codes to choose from: others are brought into the page, so that what was typed beside them stays.
  const pick = document.getElementById("pick"), choose = () => document.getElementById("choose");
  const adopt = () => all("[data-pick]").forEach((node) => { node.removeAttribute("formaction"); node.setAttribute("form", "pick"); });
  const bring = async (address) => {
    const taken = all("[data-premium]:checked")[0]?.value, isTyping = document.activeElement?.matches("#choose [type=search]");
    if (taken) address.searchParams.set("chosen", taken);
    try {
      const answer = await fetch(address);
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("choose");
      choose().replaceWith(fresh);
      adopt();
      fresh.tabIndex = -1;
      (isTyping ? fresh.querySelector("[type=search]") : fresh).focus({ preventScroll: true });
      history.replaceState(history.state, "", address);
      changed();
    } catch { location.assign(address); }
  };
  pick?.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = new URL(pick.action);
    address.search = new URLSearchParams(new FormData(pick));
    bring(address);
  });
  form.addEventListener("click", (event) => {
    const turn = event.target.closest("#choose [name=codes]");
    if (!turn) return;
    event.preventDefault();
    const address = new URL(pick.action), searched = choose().querySelector("[type=search]").defaultValue;
    address.search = new URLSearchParams({ sku: field("sku").value, code: searched, codes: turn.value });
    bring(address);
  });
  adopt();
  form.querySelector("[data-enter]")?.remove();

  // The code: looked at by the shop without leaving the page; what was typed and not looked at yet is, before ordering.
  const coupon = field("coupon"), words = form.querySelector("[data-code-words]"), use = form.querySelector("[data-use-code]");
  let applied = coupon.value, asking = false;
  const tell = (text, bad) => {
    words.textContent = text;
    words.className = bad ? "err" : "help";
    words.closest(".fld").classList.toggle("bad", bad);
    if (bad) coupon.setAttribute("aria-invalid", "true"); else coupon.removeAttribute("aria-invalid");
  };
  const apply = async () => {
    if (asking) return;
    asking = true;
    use.setAttribute("aria-busy", "true");
    try {
      const asked = new URLSearchParams({ sku: field("sku").value, quantity: quantity.value, coupon: coupon.value, chosen: all("[data-premium]:checked")[0]?.value || "0" });
      const answer = await fetch(use.formAction, { method: "POST", headers: { Accept: "application/json" }, body: asked });
      if (!answer.ok) throw new Error(answer.status);
      const got = await answer.json();
      if (!got.refusal) applied = coupon.value = got.code; else applied = "";
      Object.assign(form.dataset, { fixed: got.fixed, share: got.bps, most: got.most ?? "" });
      form.querySelector("[data-code-row]").hidden = !got.code;
      if (got.code) form.querySelector("[data-code-label]").textContent = got.label;
      tell(got.refusal || (got.code ? words.dataset.good : words.dataset.idle), Boolean(got.refusal));
      changed();
      if (got.refusal) coupon.focus(); // it may be far from the button that was pressed
    } catch { form.removeEventListener("submit", first, true); HTMLFormElement.prototype.requestSubmit.call(form, use); } finally {
      asking = false;
      use.removeAttribute("aria-busy");
    }
  };
  const first = (event) => {
    if (event.submitter !== use && coupon.value.trim() === applied) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    apply();
  };
  form.addEventListener("submit", first, true);

  // The contact: judged when left, not while typing.
  const contact = form.querySelector("[data-contact]"), error = document.getElementById("contact-e");
  const isGood = (text) => /^([1-9]\d{4,11}|[^\s@]+@[^\s@.]+(\.[^\s@.]+)+)$/.test(text.normalize("NFKC").trim().replace(/^[\d\s]+$/, (number) => number.replace(/\s/g, "")));
  // Mail to a host that is one slip away from a common one is lost: it is asked about once, and never refused.
  const meant = form.querySelector("[data-meant]"), take = meant.querySelector("button"), other = ["mail.com", "email.com", "ymail.com", "q.com"];
  const hosts = ["qq.com", "163.com", "126.com", "gmail.com", "outlook.com", "hotmail.com", "foxmail.com", "icloud.com", "sina.com", "yeah.net"];
  const isSlip = (typed, host) => {
    let at = 0;
    while (at < host.length && typed[at] === host[at]) at += 1;
    const [a, b] = [typed.slice(at), host.slice(at)], swapped = a.length > 1 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
    return swapped || a.slice(1) === b || a === b.slice(1) || a.slice(1) === b.slice(1);
  };
  const suggest = () => {
    const [, local, host] = /^(.+)@(.+)$/.exec(contact.value.normalize("NFKC").trim().toLowerCase()) ?? [];
    const near = host && ![...hosts, ...other].includes(host) && hosts.find((known) => isSlip(host, known));
    const words = near ? `${local}@${near}` : "";
    if (words && take.textContent !== words) meant.dataset.since = performance.now();
    take.textContent = words;
    meant.hidden = !words;
    return words !== "" && performance.now() - meant.dataset.since < 1500;
  };
  take.addEventListener("click", () => { contact.value = take.textContent; suggest(); contact.focus(); changed(); });
  const judge = () => {
    const bad = contact.value !== "" && !isGood(contact.value);
    suggest();
    error.hidden = !bad;
    if (bad) contact.setAttribute("aria-invalid", "true"); else contact.removeAttribute("aria-invalid");
    return !bad;
  };
  // Another variant or the other language is a new page: who had typed where the goods go need not type it again. It is
  // kept in this tab, for this product, until an order was taken, so that nobody is sent the goods of another.
  const typed = `xk-contact:${location.pathname}`;
  const note = (text, isSent) => { try { sessionStorage.setItem(typed, JSON.stringify({ text, isSent })); } catch { /* then it is typed again */ } };
  const recall = () => {
    const { text, isSent } = JSON.parse(sessionStorage.getItem(typed)) ?? {};
    if (!isSent || document.referrer.startsWith(`${location.origin}/checkout/refused`)) contact.value ||= text ?? "";
    else sessionStorage.removeItem(typed);
  };
  try { recall(); } catch { /* as above */ }
  contact.addEventListener("input", () => note(contact.value, false));
  // Not when the button is being pressed: a line that appears then moves it from under the finger, and the press is lost.
  contact.addEventListener("blur", (event) => { if (!event.relatedTarget?.matches("#buy .pri")) judge(); });
  contact.addEventListener("input", () => { if (contact.hasAttribute("aria-invalid")) judge(); });
  // The quantity goes along in the address, since it is no secret.
  const withQuantity = (address) => {
    const taken = new URL(address, location.href);
    taken.searchParams.set("quantity", quantity.value);
    return taken.pathname + taken.search + taken.hash;
  };
  document.addEventListener("submit", (event) => {
    const next = event.target.matches("[action='/look/language']") && event.target.elements.namedItem("next");
    if (next) next.value = withQuantity(next.value);
  });
  document.addEventListener("click", (event) => {
    const variant = event.target.closest("a.chip[href*='sku=']");
    if (variant) variant.href = withQuantity(variant.href);
  });
  // The order password: the shop counts without the blanks around it, and takes none at all as well.
  const secret = form.querySelector("[data-password]"), short = document.getElementById("password-e");
  const measure = () => {
    const count = [...secret.value.trim()].length, bad = count > 0 && count < secret.minLength;
    short.hidden = !bad;
    if (bad) secret.setAttribute("aria-invalid", "true"); else secret.removeAttribute("aria-invalid");
    return !bad;
  };
  // What is wrong is shown in the page's own words; a fold that hides it is opened, or the browser would stay silent.
  const unfold = () => { secret.closest("details").open = true; };
  secret.addEventListener("blur", measure);
  secret.addEventListener("input", () => { if (secret.hasAttribute("aria-invalid")) measure(); });
  secret.addEventListener("invalid", (event) => { event.preventDefault(); unfold(); measure(); secret.focus(); });
  form.addEventListener("submit", (event) => {
    if (event.submitter === use) return;
    // A quantity set right by the very press of this button was not seen yet: nobody pays a sum they did not choose.
    const isCorrected = performance.now() - Number(quantity.dataset.corrected ?? -Infinity) < 1500;
    const isShort = !measure();
    const wrong = !judge() || suggest() ? contact : isShort ? secret : isCorrected ? quantity : null;
    delete quantity.dataset.corrected;
    if (isShort) unfold();
    if (wrong) { event.preventDefault(); event.stopImmediatePropagation(); wrong.focus(); } else { keep(); note(contact.value, true); }
  }, true);
})();

/* A flash price: how long it lasts, or until it begins, by the shop's clock, which its answers about stock bring along: a
   telephone's may be hours off. When the moment has come and the shop answers, the page is made anew. */
(() => {
  "use strict";
  const HEARD_BY_TILLS = 6000; // the tills hear of a beginning or an end within five seconds
  for (const box of document.querySelectorAll("[data-flash]")) {
    const ends = Date.parse(box.dataset.ends), face = box.querySelector("[data-flash-clock]");
    const two = (number) => String(number).padStart(2, "0");
    let timer = 0, shift = 0, isOver = false;
    const left = () => Math.ceil((ends - Date.now() - shift) / 1000);
    const tick = () => {
      const seconds = Math.max(0, left());
      face.textContent = `${two(Math.trunc(seconds / 3600))}:${two(Math.trunc(seconds / 60) % 60)}:${two(seconds % 60)}`;
    };
    document.addEventListener("xk:clock", (event) => {
      const now = Date.parse(event.detail.now) - Date.now();
      if (!timer || Math.abs(now - shift) > 2000) shift = now; // the Date header knows whole seconds only
      // A page that was late already is not asked for again and again.
      if (!timer) { isOver = left() <= -3; timer = setInterval(tick, 1000); tick(); }
      if (!isOver && left() * 1000 <= -HEARD_BY_TILLS) { isOver = true; location.reload(); }
    });
  }
  if (document.querySelector("[data-flash]")) window.xk.poll();
})();
