/* Pays inside WeChat: hands the signed fields to the app's own function and shows what it says. What it says is no proof:
   the page goes on asking for the order's state (trade.js), which only the gateway's word can change. */
(() => {
  "use strict";
  const box = document.querySelector("[data-bridge]");
  if (!box) return;
  const fields = JSON.parse(box.dataset.bridge);
  const READY_WITHIN = 8000, READ_FOR = 2500;
  let busy = false;

  const show = (state) => box.querySelectorAll("[data-inside]").forEach((node) => { node.hidden = !node.dataset.inside.split(" ").includes(state); });
  const ended = (answer) => {
    busy = false;
    const said = String(answer?.err_msg ?? "").split(":").pop();
    const state = ["ok", "cancel"].includes(said) ? said : "fail";
    show(state);
    if (state === "ok") setTimeout(() => location.assign(box.dataset.paid), READ_FOR);
    else box.querySelector("[data-again]").focus();
  };
  const pay = () => {
    if (busy) return;
    if (!window.WeixinJSBridge) { show("absent"); return; }
    busy = true;
    show("wait");
    window.WeixinJSBridge.invoke(box.dataset.call, fields, ended);
  };

  box.querySelector("[data-again]").addEventListener("click", pay);
  if (window.WeixinJSBridge) pay();
  else {
    const late = setTimeout(pay, READY_WITHIN);
    document.addEventListener("WeixinJSBridgeReady", () => { clearTimeout(late); pay(); }, { once: true });
  }
})();
