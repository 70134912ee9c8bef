/* A workspace's forms that took long, or carry a file: before one is sent, the page asks whether its session still lives.
   If not, it says so and sends nothing: what was typed and chosen stays. After a new sign-in the form gets a fresh token. */
(() => {
  "use strict";
  const doc = document, note = doc.getElementById("signed-out");
  if (!note) return;
  const LONG = 600000, passed = new WeakSet(), asking = new WeakSet();
  const carriesFile = (form) => [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);
  const isAlive = async (form) => {
    let answer;
    try { answer = await fetch(note.dataset.ask, { cache: "no-store" }); } catch { return true; } // sending it will tell
    if (!answer.ok) return answer.status !== 401;
    const { token, who } = await answer.json();
    form.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
    return String(who) === note.dataset.who;
  };
  doc.addEventListener("submit", async (event) => {
    const form = event.target, submitter = event.submitter;
    if (form.getAttribute("method") !== "post" || passed.delete(form)) return; // a field may be called "method"
    if (performance.now() < LONG && !carriesFile(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking.has(form)) return;
    asking.add(form);
    const alive = await isAlive(form);
    asking.delete(form);
    form.querySelector("[data-signed-out]")?.remove();
    if (alive) {
      passed.add(form);
      form.requestSubmit(submitter);
      return;
    }
    form.append(note.content.firstElementChild.cloneNode(true));
    form.querySelector("[data-signed-out] a").focus();
  }, true);
})();
