/* Adds an empty variant to a product form; without script the same link loads one. */
(() => {
  "use strict";
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-add-variant]");
    const blank = document.getElementById("variant"), list = document.getElementById("variants");
    if (!link || !blank || !list) return;
    event.preventDefault();
    const total = document.getElementById(`id_${link.dataset.addVariant}-TOTAL_FORMS`), n = Number(total.value);
    const copy = blank.content.cloneNode(true);
    copy.querySelectorAll("[id],[name],[for],[aria-describedby]").forEach((node) => ["id", "name", "for", "aria-describedby"].forEach((name) => {
      if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replaceAll("__prefix__", n));
    }));
    copy.querySelector("[data-number]").textContent = n + 1;
    list.append(copy);
    total.value = n + 1;
    list.lastElementChild.querySelector("input:not([type=hidden])").focus();
  });
})();
