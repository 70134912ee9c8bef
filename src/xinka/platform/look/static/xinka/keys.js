/* Single keys of a workspace: they move the focus and follow links, and never press a button or send a form. Needs xinka.js.
   They rest while somebody types or a sheet is open, and everybody may turn them off (WCAG 2.2, 2.1.4). */
(() => {
  "use strict";
  const doc = document, sheet = doc.getElementById("keys"), { all, toast } = window.xk;
  if (!sheet?.showModal) return;
  const KEPT = "xk:came-from", isOn = sheet.dataset.on === "1";
  const rows = () => all("[data-queue] tbody tr").map((row) => row.querySelector("a[href]")).filter(Boolean);
  const first = (query) => doc.querySelector(query);
  const ways = { u: "main a.back", n: "main a[rel=next]", p: "main a[rel=prev]" };
  const show = () => { if (!sheet.open) sheet.showModal(); };

  const step = (by) => {
    const found = rows(), row = doc.activeElement?.closest?.("[data-queue] tbody tr");
    const at = row ? found.findIndex((link) => row.contains(link)) : by > 0 ? -1 : found.length;
    const next = found[at + by];
    if (next) { next.focus({ preventScroll: true }); next.closest("tr").scrollIntoView({ block: "nearest" }); }
    return found.length > 0;
  };
  const follow = (key) => {
    const link = first(ways[key]);
    if (!link) { if (key !== "u" && first("main a.back")) toast(sheet.dataset[key === "n" ? "noNext" : "noBefore"]); return; }
    try { if (key === "u") sessionStorage.setItem(KEPT, location.pathname); } catch { /* not kept here */ }
    link.click();
  };
  const types = (node) => Boolean(node?.closest?.("input,select,textarea,[contenteditable]:not([contenteditable=false])"));

  doc.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (types(event.target) || first("dialog[open]")) return;
    // Arrows move from row to row only where the focus is in one: elsewhere they scroll, and need no switch.
    const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (arrow && doc.activeElement?.closest?.("[data-queue] tbody tr") && step(arrow)) event.preventDefault();
    if (!isOn) return;
    const key = event.shiftKey ? event.key : event.key.toLowerCase();
    if (key === "?" || key === "\uff1f") show();
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else if (Object.hasOwn(ways, key) && !event.repeat) follow(key);
    else return;
    event.preventDefault();
  });

  all("[data-keys-open]").forEach((button) => {
    button.hidden = !matchMedia("(any-hover:hover)").matches; // telephones have no keys
    button.addEventListener("click", show);
  });
  if (isOn) for (const [key, query] of Object.entries(ways)) first(query)?.setAttribute("aria-keyshortcuts", key);
  // Whoever came back by a key goes on at the row they left.
  try {
    const path = sessionStorage.getItem(KEPT);
    sessionStorage.removeItem(KEPT);
    if (path) rows().find((link) => new URL(link.href).pathname === path)?.focus();
  } catch { /* not kept here */ }
})();
