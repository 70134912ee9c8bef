/* Xinka: small helps for pages that work without them. Each part is bound by a data- attribute; no part needs another. */
(() => {
  "use strict";
  const doc = document, root = doc.documentElement, body = () => doc.body;
  const all = (query, from = doc) => [...from.querySelectorAll(query)];
  const on = (type, query, act) => doc.addEventListener(type, (event) => {
    const node = event.target.closest?.(query);
    if (node) act(node, event);
  });
  const each = (query, act) => { // now, and in whatever htmx brings later
    const bind = (from) => [...(from.matches?.(query) ? [from] : []), ...all(query, from)].forEach((node) => {
      node.xk ||= new Set();
      if (!node.xk.has(query)) { node.xk.add(query); act(node); }
    });
    bind(doc);
    doc.addEventListener("htmx:load", (event) => bind(event.detail.elt));
  };

  // toast: six seconds, stays while looked at
  const goes = (node) => {
    let timer;
    const start = () => { timer = setTimeout(() => node.remove(), 6000); };
    const stop = () => clearTimeout(timer);
    ["mouseenter", "focusin"].forEach((type) => node.addEventListener(type, stop));
    ["mouseleave", "focusout"].forEach((type) => node.addEventListener(type, start));
    start();
  };
  const toast = (words) => {
    all(".toast[data-goes]").forEach((node) => node.remove());
    const node = doc.createElement("p");
    node.className = "toast";
    node.dataset.goes = "";
    node.setAttribute("role", "status");
    body().append(node);
    node.textContent = words;
    goes(node);
  };
  each(".toast[data-goes]", goes);
  doc.addEventListener("toast", (event) => toast(event.detail.value || event.detail));
  doc.addEventListener("htmx:sendError", () => toast(body().dataset.failed));
  doc.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    if (xhr.status >= 500 || (xhr.status === 429 && !xhr.getResponseHeader("HX-Retarget"))) toast(body().dataset.failed);
  });

  // theme, in place
  on("click", "[data-theme-form] button", (button, event) => {
    event.preventDefault();
    const theme = button.value, keep = theme === "auto" ? 0 : 31536000;
    if (keep) root.dataset.theme = theme; else delete root.dataset.theme;
    const write = (name, value, age, more) => { doc.cookie = `${name}xk_theme=${value};path=/;max-age=${age};samesite=lax${more}`; };
    const tls = location.protocol === "https:";
    if (tls) write("", "", 0, ";secure");
    write(tls ? "__Host-" : "", keep ? theme : "", keep, tls ? ";secure" : "");
    all("[data-theme-form] button").forEach((other) => other.setAttribute("aria-pressed", String(other.value === theme)));
  });

  // copy: by permission, else by the old command, else by selecting the text
  const select = (node) => {
    if (node.select) { node.select(); return; }
    const range = doc.createRange();
    range.selectNodeContents(node);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
  };
  const copy = async (text, node) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* no permission, or no TLS */ }
    const area = doc.createElement("textarea");
    area.value = text;
    area.className = "vh";
    body().append(area);
    area.select();
    let done = false;
    try { done = doc.execCommand("copy"); } catch { /* not here either */ }
    area.remove();
    if (!done && node) select(node);
    return done;
  };
  on("click", "[data-copy]", async (button) => {
    const nodes = all(button.dataset.copy);
    const text = nodes.map((node) => (node.value ?? node.textContent).trim()).join("\n");
    const done = await copy(text, nodes[0]);
    button.classList.toggle("copied", done);
    button.focus({ preventScroll: true });
    toast(done ? button.dataset.done || body().dataset.copied : body().dataset.copyFailed);
  });

  // show what was covered
  on("click", "[data-reveal]", (button) => {
    const hide = button.getAttribute("aria-expanded") === "true";
    all(button.dataset.reveal).forEach((node) => { if (node.matches("input")) node.type = hide ? "password" : "text"; else node.hidden = hide; });
    all(button.dataset.mask || "#none").forEach((node) => { node.hidden = !hide; });
    button.setAttribute("aria-expanded", String(!hide));
  });

  // counted text, files, password strength
  const count = (field) => all(field.dataset.count).forEach((node) => {
    node.textContent = field.dataset.countBy === "lines" ? field.value.split("\n").filter((line) => line.trim()).length.toLocaleString("en-US") : `${[...field.value].length}${field.maxLength > 0 ? ` / ${field.maxLength}` : ""}`;
  });
  each("[data-count]", count);
  on("input", "[data-count]", count);
  on("input", "[data-meter]", (field) => {
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(field.value)).length;
    const meter = doc.querySelector(field.dataset.meter);
    if (meter) meter.value = Math.min(4, Math.trunc((new Set(field.value).size * (kinds + 1)) / 12));
    field.dispatchEvent(new CustomEvent("xk:password", { bubbles: true, detail: { meter } }));
  });
  each("[data-drop]", (box) => {
    const input = box.querySelector("input[type=file]"), name = box.querySelector("[data-file-name]");
    const show = () => {
      const files = [...input.files], size = files.reduce((sum, file) => sum + file.size, 0);
      box.classList.toggle("has", files.length > 0);
      if (files.length && name) name.textContent = `${files.map((file) => file.name).join(", ")}  ${Math.ceil(size / 1024).toLocaleString("en-US")} KB`;
    };
    input.addEventListener("change", show);
    ["dragover", "dragleave", "drop"].forEach((type) => box.addEventListener(type, (event) => {
      event.preventDefault();
      box.classList.toggle("over", type === "dragover");
      if (type === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; input.dispatchEvent(new Event("change", { bubbles: true })); }
    }));
    (box.closest("form") || box).addEventListener("htmx:xhr:progress", (event) => {
      const bar = box.querySelector("[data-progress]");
      if (!bar || !event.detail.total) return;
      bar.removeAttribute("hidden");
      bar.firstElementChild.setAttribute("width", (100 * event.detail.loaded) / event.detail.total);
    });
    show();
  });

  // ask before, send once, submit on change
  on("submit", "form", (form, event) => {
    const words = event.submitter?.dataset.confirm ?? form.dataset.confirm;
    if (words && !confirm(words)) { event.preventDefault(); event.stopImmediatePropagation(); }
  });
  on("submit", "form[data-once]", (form, event) => {
    if (event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    (event.submitter || form.querySelector("[type=submit]"))?.setAttribute("aria-busy", "true");
  });
  // What is fetched into the page: the pressed button says that it works, and where the answer took the button away, the
  // focus goes to what came for it (data-lands), so that keyboards and screen readers go on there.
  const pressed = (event) => event.detail.requestConfig?.triggeringEvent?.submitter;
  doc.addEventListener("htmx:beforeSend", (event) => pressed(event)?.setAttribute("aria-busy", "true"));
  doc.addEventListener("htmx:afterRequest", (event) => pressed(event)?.removeAttribute("aria-busy"));
  doc.addEventListener("htmx:load", (event) => {
    const came = event.detail.elt; // the whole page, when it begins: nothing was pressed yet
    if (came !== body() && doc.activeElement === body()) came.querySelector("[data-lands]")?.focus({ preventScroll: true });
  });
  addEventListener("pageshow", () => all("form[data-once]").forEach((form) => { delete form.dataset.sent; [...form.elements].forEach((node) => node.removeAttribute("aria-busy")); }));
  on("change", "[data-submit]", (node) => node.form?.requestSubmit());
  window.xk = { toast, copy, all, each };
})();
