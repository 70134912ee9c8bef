/* Adds an empty variant to a product form; without script the same link loads one. Ticks all rows of a list at once. */
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
  document.querySelectorAll("[data-tick-all]").forEach((all) => {
    const boxes = [...all.closest("form").querySelectorAll("input[type=checkbox][name]")], one = all.querySelector("input");
    const show = () => {
      const n = boxes.filter((box) => box.checked).length;
      one.checked = n === boxes.length;
      one.indeterminate = n > 0 && n < boxes.length;
    };
    all.hidden = false;
    one.addEventListener("change", () => boxes.forEach((box) => { box.checked = one.checked; }));
    boxes.forEach((box) => box.addEventListener("change", show));
    addEventListener("pageshow", show);
  });
})();
