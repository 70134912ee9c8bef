/* The page of a payout whose payee has come back from the app: it asks the gateway again by itself, while somebody looks at
   it, and shows the page as it is then. A yes may arrive a moment after it was given, and the shop asks once in ten seconds. */
(() => {
  "use strict";
  const box = document.querySelector("[data-asking]");
  if (!box) return;
  const line = box.querySelector("[data-asks]"), SECONDS = [3, 10, 10, 10, 20, 30, 60, 60, 120];
  const seen = () => new Promise((go) => {
    if (document.hidden) document.addEventListener("visibilitychange", go, { once: true }); else go();
  });
  const pause = (time) => new Promise((go) => setTimeout(go, time * 1000));
  const waits = async () => {
    const answer = await fetch(box.dataset.asking);
    return !answer.ok || Boolean(new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-asking]"));
  };
  const follow = async () => {
    for (const time of SECONDS) {
      await pause(time);
      await seen();
      if (!await waits().catch(() => true)) { location.reload(); return; }
    }
    line.hidden = true;
  };
  line.hidden = false;
  follow();
})();
